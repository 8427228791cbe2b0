"""Getting a house, or one co-op, from one database into another, and proving that it arrived whole."""
