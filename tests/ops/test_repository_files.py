"""What stands beside the code says the same as the code: compose file, image, environment, locks, make targets."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml

from coop.embedded import CONNECTIONS
from coop.processes import MIGRATE, TABLE

PROJECT = Path(__file__).resolve().parent.parent.parent
COMPOSE = yaml.safe_load((PROJECT / "docker-compose.yml").read_text())
INTERNAL = {  # set by one of our processes for another, or by tests: nothing a person sets
    "ROCHDALE_SUPERVISOR",
    "ROCHDALE_LISTEN_FD",
    "ROCHDALE_TIED",
    "ROCHDALE_EMBEDDED_FAST",
    "ROCHDALE_SOAK",
    "DJANGO_SETTINGS_MODULE",
    "NO_COLOR",
    "PATH",
}


def test_compose_starts_what_the_supervisor_starts():
    services = COMPOSE["services"]
    ours = {name: each["command"] for name, each in services.items() if "rochdale" in each["image"]}
    assert ours.pop("migrate") == MIGRATE
    assert ours == {process.name: process.command for process in TABLE}
    assert set(services) - set(ours) - {"migrate"} == {"postgres", "valkey"}
    assert services["postgres"]["image"] == "postgres:18"
    assert services["postgres"]["command"] == f"postgres -c max_connections={CONNECTIONS} -c jit=off"


def test_every_service_that_stays_has_a_health_check_and_waits_for_the_schema():
    for name, service in COMPOSE["services"].items():
        if name == "migrate":
            assert service["restart"] == "no"
            continue
        assert service["healthcheck"]["test"], name
        if "rochdale" in service["image"]:
            assert service["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
            assert service["depends_on"]["postgres"] == {"condition": "service_healthy"}


def test_secrets_are_files_and_only_migrate_knows_the_owner():
    declared = set(COMPOSE["secrets"])
    for name, service in COMPOSE["services"].items():
        assert set(service.get("secrets", [])) <= declared
        for variable, value in service.get("environment", {}).items():
            secret = re.search(r"PASSWORD|SECRET|DATABASE_.*URL|DATABASE_URL", variable)
            assert not secret or variable.endswith("_FILE"), f"{name}: {variable}={value}"
            if str(value).startswith("/run/secrets/"):
                assert value.removeprefix("/run/secrets/") in service["secrets"], f"{name} lacks {value}"
    holders = {n for n, s in COMPOSE["services"].items() if "database_owner_url" in s.get("secrets", [])}
    assert holders == {"migrate"}
    files = {Path(each["file"]).name for each in COMPOSE["secrets"].values()}
    made = set(re.findall(r"^keep (\w+)", (PROJECT / "deploy" / "make-secrets.sh").read_text(), re.M))
    assert files == made == declared


def test_the_secrets_script_makes_them_once(tmp_path):
    script = tmp_path / "deploy" / "make-secrets.sh"
    script.parent.mkdir()
    script.write_text((PROJECT / "deploy" / "make-secrets.sh").read_text())
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    first = {p.name: p.read_text() for p in (tmp_path / "secrets").iterdir()}
    subprocess.run(["sh", str(script)], check=True, capture_output=True)
    assert {p.name: p.read_text() for p in (tmp_path / "secrets").iterdir()} == first
    assert set(first) == set(COMPOSE["secrets"])
    assert len(first["secret_key"]) == 64
    assert first["database_url"] == f"postgres://rochdale_app:{first['app_password']}@postgres:5432/rochdale"
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def test_image_is_two_stages_and_not_root():
    lines = (PROJECT / "Dockerfile").read_text().splitlines()
    assert sum(line.startswith("FROM ") for line in lines) == 2
    last = lines[max(i for i, line in enumerate(lines) if line.startswith("FROM ")) :]
    assert "USER rochdale" in last
    assert not any("pip install" in line or "apt-get" in line for line in last)
    assert any("--require-hashes -r requirements.prod.lock" in line for line in lines)


def named_in_code():
    """Every variable the code reads from the environment."""
    found = set()
    files = [PROJECT / "gunicorn.conf.py", *(PROJECT / "coop").rglob("*.py")]
    for file in files:
        text = file.read_text()
        found |= set(re.findall(r"""(?:\benv(?:\.\w+)?|environ\.(?:get|pop))\(\s*["']([A-Z][A-Z0-9_]+)["']""", text))
        found |= set(re.findall(r"""environ\[["']([A-Z][A-Z0-9_]+)["']\]""", text))
    return found - INTERNAL


def test_env_example_names_exactly_what_is_read():
    text = (PROJECT / ".env.example").read_text()
    listed = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", text, re.M))
    only_compose = set(re.findall(r"\$\{([A-Z_]+)", (PROJECT / "docker-compose.yml").read_text()))
    assert named_in_code() - listed == set(), "read, but not in .env.example"
    assert listed - named_in_code() - only_compose == set(), "in .env.example, but nobody reads it"


def pins(name):
    return dict(re.findall(r"^([a-z0-9][a-z0-9.\-]*)(?:\[[^]]*])?==([^ ;\\]+)", (PROJECT / name).read_text(), re.M))


def test_both_locks_agree_and_every_line_has_a_hash():
    every, production = pins("requirements.lock"), pins("requirements.prod.lock")
    assert production.items() <= every.items(), "run 'make lock'"
    assert {"pytest", "ruff", "hypothesis"} <= set(every) - set(production)
    wanted = tomllib.loads((PROJECT / "pyproject.toml").read_text())["project"]["dependencies"]
    names = {re.match(r"[A-Za-z0-9._-]+", line)[0].lower().replace("_", "-") for line in wanted}
    assert names <= set(production), "run 'make lock'"
    for name in ("requirements.lock", "requirements.prod.lock"):
        for block in re.split(r"\n(?=[a-z])", (PROJECT / name).read_text()):
            assert block.startswith("#") or "--hash=sha256:" in block, f"{name}: {block[:60]}"


@pytest.mark.parametrize("target", ["help", "install", "demo", "test", "lint", "bench", "soak", "clean", "reset"])
def test_make_knows_its_targets_and_help_names_them(target):
    told = subprocess.run(["make", "help"], cwd=PROJECT, capture_output=True, text=True, check=True).stdout
    assert re.search(rf"^  make {target} ", told, re.M)
    dry = subprocess.run(["make", "-n", target], cwd=PROJECT, capture_output=True, text=True, check=False)
    assert dry.returncode == 0, dry.stderr


def test_shell_scripts_parse():
    for script in (".ci/run", "deploy/make-secrets.sh", "deploy/init-database.sh"):
        shell = "bash" if script == ".ci/run" else "sh"
        subprocess.run([shell, "-n", str(PROJECT / script)], check=True)
        assert (PROJECT / script).stat().st_mode & 0o111, f"{script} cannot be run"
