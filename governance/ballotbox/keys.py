"""The two keys of a ballot, as PEM for the file that holds the private half and DER for everybody else."""

from __future__ import annotations

import base64
import hashlib

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

BITS = 3072


def generate(bits: int = BITS) -> rsa.RSAPrivateKey:
    """A new RSA key with e = 65537."""
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def private_pem(key: rsa.RSAPrivateKey) -> bytes:
    """PKCS #8, without a password: the file's permissions guard it, and the file is destroyed."""
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def load_private(pem: bytes) -> rsa.RSAPrivateKey:
    """The key out of its file. Raises ValueError for anything that is not an RSA key.

    It is not checked again for being a good key: we made it, and ``blind.sign`` checks every signature.
    """
    key = serialization.load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=True)
    if not isinstance(key, rsa.RSAPrivateKey):
        raise ValueError("This file does not hold an RSA key.")
    return key


def public_der(key: rsa.RSAPublicKey) -> bytes:
    """SubjectPublicKeyInfo, as WebCrypto imports it."""
    return key.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)


def facts(key: rsa.RSAPublicKey) -> dict[str, str]:
    """A public key as it stands in a manifest: ``spki`` in base64 and its ``fingerprint``, SHA-256 in hex."""
    der = public_der(key)
    return {"spki": base64.b64encode(der).decode(), "fingerprint": hashlib.sha256(der).hexdigest()}


def load_public(said: dict[str, str]) -> rsa.RSAPublicKey:
    """The public key out of a manifest. Raises ValueError where it is not what its fingerprint says."""
    der = base64.b64decode(said["spki"], validate=True)
    if hashlib.sha256(der).hexdigest() != said["fingerprint"]:
        raise ValueError("The key is not the one its fingerprint names.")
    key = serialization.load_der_public_key(der)
    if not isinstance(key, rsa.RSAPublicKey):
        raise ValueError("This is not an RSA key.")
    return key
