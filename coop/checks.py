"""Our own system checks: a wrong set-up is reported before members meet it."""
