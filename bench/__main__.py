"""``python -m bench [NAME ...]``: run the named measurements, or all of them."""

import importlib
import pkgutil
import sys

import bench


def main(names):
    """Run ``main()`` of each named module, or of every module that has one."""
    for name in names or sorted(module.name for module in pkgutil.iter_modules(bench.__path__)):
        if not name.startswith("_"):
            run = getattr(importlib.import_module(f"bench.{name}"), "main", None)
            if run is not None:
                print(f"bench: {name}", file=sys.stderr, flush=True)
                run()


if __name__ == "__main__":
    main(sys.argv[1:])
