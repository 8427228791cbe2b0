"""The test vectors of RFC 9474, read where they lie."""

from __future__ import annotations

import json

from cryptography.hazmat.primitives.asymmetric import rsa

from tests.beside import needed


def number(text: str) -> int:
    return int(text, 16)


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def rfc9474() -> list[dict]:
    """The four variants of appendix A; their numbers are hex."""
    return json.loads(needed("rfc9474", "test_vectors_rfc9474.json").read_text())


def emsa_pss() -> dict:
    return json.loads(needed("rfc9474", "emsa_pss_vectors.json").read_text())


def key_of(vector: dict) -> rsa.RSAPrivateKey:
    p, q, n, e, d = (number(vector[name]) for name in "pqned")
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(e, n)).private_key()
