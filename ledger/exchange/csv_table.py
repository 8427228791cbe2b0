"""The reader of CSV tables lives in the kernel, where the register's imports use it too; this is its old address."""

from coop.kernel.csv_table import DELIMITERS, LARGEST_FILE, Table, Unreadable, check_size, digest_of, fold, open_table

__all__ = ["DELIMITERS", "LARGEST_FILE", "Table", "Unreadable", "check_size", "digest_of", "fold", "open_table"]
