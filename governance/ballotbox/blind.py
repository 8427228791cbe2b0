"""RSA blind signatures, RFC 9474: whoever signs a token does not see it, and later cannot tell when they signed it.

The suite in use is ``RSABSSA-SHA384-PSS-Randomized``. Signing is the server's side: the raw private operation by the
Chinese remainder theorem, and the check s^e = z that a fault in one half would otherwise turn into the key. Blinding
and finalizing are the voter's side, done in the browser by @cloudflare/blindrsa-ts; they stand here for the tests, for
programs that vote, and so that both sides are held to the RFC's vectors.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

try:  # constant time in the exponent, and four times as fast; a verifier has no private key and does without
    from gmpy2 import powmod_sec as _powmod
except ImportError:  # pragma: no cover - the server always has it

    def _powmod(base: int, exponent: int, modulus: int) -> int:
        return pow(base, exponent, modulus)


SUITE = "RSABSSA-SHA384-PSS-Randomized"
SALT = 48
PREFIX = 32


class BadBlind(ValueError):
    """A message, a blinded message or a signature that is not one; the text says which."""


@dataclass(frozen=True, slots=True)
class Blinded:
    """What goes to the signer, and what only the voter keeps: the inverse of the blinding factor."""

    message: bytes
    inverse: int


def _size(key: rsa.RSAPublicKey) -> int:
    return (key.key_size + 7) // 8


def _mgf1(seed: bytes, length: int) -> bytes:
    """MGF1 with SHA-384 (RFC 8017 B.2.1)."""
    out = b"".join(
        hashlib.sha384(seed + counter.to_bytes(4, "big")).digest()
        for counter in range(-(-length // hashlib.sha384().digest_size))
    )
    return out[:length]


def encode(message: bytes, bits: int, salt: bytes) -> bytes:
    """EMSA-PSS-ENCODE with SHA-384 and MGF1 (RFC 8017 §9.1.1). Raises BadBlind where the key is too small."""
    hashed = hashlib.sha384(message).digest()
    length = (bits + 7) // 8
    if length < len(hashed) + len(salt) + 2:
        raise BadBlind("The key is too small for this encoding.")
    digest = hashlib.sha384(bytes(8) + hashed + salt).digest()
    block = bytes(length - len(salt) - len(hashed) - 2) + b"\x01" + salt
    masked = bytearray(a ^ b for a, b in zip(block, _mgf1(digest, length - len(hashed) - 1), strict=True))
    masked[0] &= 0xFF >> (8 * length - bits)
    return bytes(masked) + digest + b"\xbc"


def prepare(message: bytes, prefix: bytes | None = None) -> bytes:
    """The message as it is signed: 32 random bytes before it (RFC 9474 §4.1, PrepareRandomize)."""
    return (secrets.token_bytes(PREFIX) if prefix is None else prefix) + message


def blind(key: rsa.RSAPublicKey, prepared: bytes, *, salt: bytes | None = None, factor: int | None = None) -> Blinded:
    """Blind a prepared message (RFC 9474 §4.2). ``salt`` and ``factor`` are given by tests and else random."""
    numbers = key.public_numbers()
    salt = secrets.token_bytes(SALT) if salt is None else salt
    encoded = int.from_bytes(encode(prepared, key.key_size - 1, salt), "big")
    factor = secrets.randbelow(numbers.n - 1) + 1 if factor is None else factor
    try:
        inverse = pow(factor, -1, numbers.n)
        pow(encoded, -1, numbers.n)
    except ValueError as shared:
        raise BadBlind("The blinding factor or the message shares a factor with the key.") from shared
    blinded = encoded * pow(factor, numbers.e, numbers.n) % numbers.n
    return Blinded(blinded.to_bytes(_size(key), "big"), inverse)


def sign(key: rsa.RSAPrivateKey, blinded: bytes) -> bytes:
    """Sign a blinded message (RFC 9474 §4.3). The same message always gets the same signature.

    Refuses what is not exactly as long as the modulus, every number of n or above, and the three that are their own
    signatures: no browser makes them, and one whose memory failed must not cost its voter the credential.
    """
    numbers = key.private_numbers()
    public = numbers.public_numbers
    if len(blinded) != _size(key.public_key()):
        raise BadBlind("A blinded message is exactly as long as the key.")
    z = int.from_bytes(blinded, "big")
    if z >= public.n:
        raise BadBlind("This blinded message is not below the key’s modulus.")
    if z in (0, 1, public.n - 1):
        raise BadBlind("This blinds nothing.")
    p_part = int(_powmod(z % numbers.p, numbers.dmp1, numbers.p))
    q_part = int(_powmod(z % numbers.q, numbers.dmq1, numbers.q))
    s = q_part + numbers.q * ((p_part - q_part) * numbers.iqmp % numbers.p)
    if pow(s, public.e, public.n) != z:
        raise BadBlind("The signature did not come out right and was not handed over.")
    return s.to_bytes(len(blinded), "big")


def finalize(key: rsa.RSAPublicKey, prepared: bytes, signature: bytes, inverse: int, *, salt: int = SALT) -> bytes:
    """Take the blinding off and check what is left (RFC 9474 §4.4)."""
    if len(signature) != _size(key):
        raise BadBlind("A blind signature is exactly as long as the key.")
    n = key.public_numbers().n
    plain = (int.from_bytes(signature, "big") * inverse % n).to_bytes(_size(key), "big")
    if not verify(key, prepared, plain, salt=salt):
        raise BadBlind("The signer’s answer is not a signature of this message.")
    return plain


def verify(key: rsa.RSAPublicKey, prepared: bytes, signature: bytes, *, salt: int = SALT) -> bool:
    """Is this an ordinary RSASSA-PSS signature of the prepared message (RFC 9474 §4.5)?"""
    if len(signature) != _size(key):
        return False
    scheme = padding.PSS(mgf=padding.MGF1(hashes.SHA384()), salt_length=salt)
    try:
        key.verify(signature, prepared, scheme, hashes.SHA384())
    except InvalidSignature:
        return False
    return True
