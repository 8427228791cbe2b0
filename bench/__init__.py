"""What the numbers in the README come from.

Each module measures one thing on this machine and writes its own section of ``RESULTS.md``; ``python -m bench`` runs
them all, ``python -m bench allocation`` one.
"""
