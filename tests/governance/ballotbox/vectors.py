"""The test vectors of RFC 9474, read where they lie."""

from __future__ import annotations

import json
import os
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

DATA = Path(os.environ.get("CONFORMANCE_DATA") or Path(__file__).resolve().parents[4] / "shared" / "data") / "rfc9474"


def number(text: str) -> int:
    return int(text, 16)


def octets(text: str) -> bytes:
    return bytes.fromhex(text.removeprefix("0x"))


def rfc9474() -> list[dict]:
    """The four variants of appendix A; their numbers are hex."""
    return json.loads((DATA / "test_vectors_rfc9474.json").read_text())


def emsa_pss() -> dict:
    return json.loads((DATA / "emsa_pss_vectors.json").read_text())


def key_of(vector: dict) -> rsa.RSAPrivateKey:
    p, q, n, e, d = (number(vector[name]) for name in "pqned")
    crt = rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q), rsa.rsa_crt_iqmp(p, q)
    return rsa.RSAPrivateNumbers(p, q, d, *crt, rsa.RSAPublicNumbers(e, n)).private_key()
