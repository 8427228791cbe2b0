"""Sealing a paper to the ballot's sealing key: RSA-OAEP-256 around an AES-256-GCM key, as WebCrypto has them.

``sealed`` = the wrapped key (as long as the modulus) ‖ 12 bytes of nonce ‖ ciphertext and tag. Every paper of a ballot
is padded to one length first, so every sealed paper has one length. The token's hash and the manifest's go in as
additional data: a sealed paper copied out of the box and cast under another token does not open.
"""

from __future__ import annotations

import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from . import paper

SUITE = "RSA-OAEP-256+A256GCM"
IV, TAG = 12, 16
_LABEL = b"rochdale paper 1"


def _oaep() -> padding.OAEP:
    return padding.OAEP(mgf=padding.MGF1(hashes.SHA256()), algorithm=hashes.SHA256(), label=None)


def bound_to(manifest_hash: str, token_hash: bytes) -> bytes:
    """The additional data of a sealed paper: what it was cast in, and under which token."""
    return _LABEL + bytes.fromhex(manifest_hash) + token_hash


def sealed_length(key: rsa.RSAPublicKey, padded: int) -> int:
    """How long every sealed paper of a ballot is, for papers padded to so many bytes."""
    return (key.key_size + 7) // 8 + IV + padded + TAG


def seal(key: rsa.RSAPublicKey, written: bytes, length: int, bound: bytes) -> bytes:
    """Seal a written paper, padded to ``length``."""
    secret, iv = AESGCM.generate_key(256), secrets.token_bytes(IV)
    shut = AESGCM(secret).encrypt(iv, paper.pad(written, length), bound)
    return key.encrypt(secret, _oaep()) + iv + shut


def unseal(key: rsa.RSAPrivateKey, sealed: bytes, bound: bytes) -> bytes:
    """The written paper. Raises BadPaper, without saying more, where it does not open."""
    size = (key.key_size + 7) // 8
    if len(sealed) < size + IV + TAG:
        raise paper.BadPaper("The sealed paper is too short.")
    try:
        secret = key.decrypt(sealed[:size], _oaep())
        padded = AESGCM(secret).decrypt(sealed[size : size + IV], sealed[size + IV :], bound)
    except (ValueError, InvalidTag) as shut:
        raise paper.BadPaper("The sealed paper does not open.") from shut
    return paper.unpad(padded)
