"""A co-op that has just finished its year, told through the same services a real one uses."""

from .story import PASSWORD, seed, welcome

__all__ = ["PASSWORD", "seed", "welcome"]
