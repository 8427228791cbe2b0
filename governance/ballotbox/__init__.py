"""The mathematics of a secret ballot, without a framework: the Python standard library and ``cryptography``.

``blind`` signs tokens it cannot read (RFC 9474), ``sealing`` keeps papers shut, ``paper`` says what is on one and
what its receipt is, ``cast`` is the message that brings one to the box, ``board`` is the chain of what was published
when, and ``bundle`` and ``verify`` are what anyone recounts from. Nothing here knows a person.

What it promises and what not stands in SECURITY.md: whoever holds the database afterwards cannot tell how somebody
voted; who changes the running program, or watches it while it runs, is not kept out by any of this.
"""
