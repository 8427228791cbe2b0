"""Founding a co-op: one service for the command line, the first-run wizard and the demo."""
