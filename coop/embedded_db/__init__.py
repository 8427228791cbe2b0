"""A Django database backend: PostgreSQL, started by the first connection that needs it."""
