"""RFC 9474 in Python: every step of every vector, and what a signer refuses."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from governance.ballotbox import blind, keys

from .vectors import key_of, number, octets, rfc9474

VECTORS = rfc9474()


@pytest.fixture(scope="module")
def key() -> rsa.RSAPrivateKey:
    return keys.generate()


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_rfc_9474_vectors(vector):
    key = key_of(vector)
    public, salt = key.public_key(), octets(vector["salt"])
    assert len(salt) == number(vector["sLen"])
    prepared = octets(vector["msg"])
    if number(vector["is_randomized"]):
        prepared = blind.prepare(prepared, octets(vector["msg_prefix"]))
    assert prepared == octets(vector["input_msg"])
    factor = pow(number(vector["inv"]), -1, number(vector["n"]))
    blinded = blind.blind(public, prepared, salt=salt, factor=factor)
    assert blinded.message == octets(vector["blinded_msg"])
    assert blinded.inverse == number(vector["inv"])
    signature = blind.sign(key, blinded.message)
    assert signature == octets(vector["blind_sig"])
    plain = blind.finalize(public, prepared, signature, blinded.inverse, salt=len(salt))
    assert plain == octets(vector["sig"])
    assert blind.verify(public, prepared, plain, salt=len(salt))


def test_all_four_variants_are_there():
    assert {vector["name"] for vector in VECTORS} == {
        f"RSABSSA-SHA384-{pss}-{kind}" for pss in ("PSS", "PSSZERO") for kind in ("Randomized", "Deterministic")
    }


def test_a_token_is_blinded_signed_unblinded_and_verified(key):
    public = key.public_key()
    prepared = blind.prepare(b"t" * 32)
    assert len(prepared) == 64
    blinded = blind.blind(public, prepared)
    signature = blind.sign(key, blinded.message)
    assert signature == blind.sign(key, blinded.message), "the same blinded message gets the same signature"
    plain = blind.finalize(public, prepared, signature, blinded.inverse)
    assert blind.verify(public, prepared, plain)
    assert plain != signature


def test_what_the_signer_saw_says_nothing_about_the_token(key):
    """For any blinded message and any token there is a blinding factor that joins them: nothing is left to guess by."""
    public, n, e = key.public_key(), key.public_key().public_numbers().n, 65537
    mine = blind.blind(public, blind.prepare(b"mine".ljust(32)), salt=bytes(48))
    other = blind.prepare(b"another".ljust(32, b"."))
    encoded = int.from_bytes(blind.encode(other, public.key_size - 1, bytes(48)), "big")
    numbers = key.private_numbers()
    factor = pow(int.from_bytes(mine.message, "big") * pow(encoded, -1, n) % n, numbers.d, n)
    assert pow(factor, e, n) * encoded % n == int.from_bytes(mine.message, "big")
    assert blind.blind(public, other, salt=bytes(48), factor=factor).message == mine.message


def test_a_blinded_message_at_or_above_the_modulus_or_its_own_signature_is_refused(key):
    n = key.public_key().public_numbers().n
    for z in (n, n + 1, 2**3072 - 1):
        with pytest.raises(blind.BadBlind, match="not below"):
            blind.sign(key, z.to_bytes(384, "big"))
    for z in (0, 1, n - 1):
        with pytest.raises(blind.BadBlind, match="blinds nothing"):
            blind.sign(key, z.to_bytes(384, "big"))
    for size in (0, 383, 385):
        with pytest.raises(blind.BadBlind, match="as long as the key"):
            blind.sign(key, b"\x01" * size)


def test_a_forged_signature_does_not_verify(key):
    public = key.public_key()
    prepared = blind.prepare(b"t" * 32)
    blinded = blind.blind(public, prepared)
    plain = blind.finalize(public, prepared, blind.sign(key, blinded.message), blinded.inverse)
    for at in (0, 100, 383):
        bent = bytearray(plain)
        bent[at] ^= 1
        assert not blind.verify(public, prepared, bytes(bent))
    assert not blind.verify(public, prepared[:-1] + b"x", plain)
    assert not blind.verify(public, prepared, plain[:-1])
    assert not blind.verify(keys.generate().public_key(), prepared, plain), "another ballot's key"


def test_a_fault_while_signing_hands_nothing_over(key, monkeypatch):
    """Boneh, DeMillo, Lipton: a signature wrong modulo one prime gives the other away. It must not leave the house."""
    real = blind._powmod
    wrong = lambda base, exponent, modulus: real(base, exponent, modulus) ^ (modulus == key.private_numbers().p)  # noqa: E731
    blinded = blind.blind(key.public_key(), blind.prepare(b"t" * 32))
    monkeypatch.setattr(blind, "_powmod", wrong)
    with pytest.raises(blind.BadBlind, match="not handed over"):
        blind.sign(key, blinded.message)


def test_finalizing_refuses_another_signers_answer(key):
    public = key.public_key()
    prepared = blind.prepare(b"t" * 32)
    blinded = blind.blind(public, prepared)
    other = keys.generate()
    with pytest.raises(blind.BadBlind):
        blind.finalize(public, prepared, b"\x01" * 384, blinded.inverse)
    with pytest.raises(blind.BadBlind):
        blind.finalize(public, prepared, b"\x01" * 12, blinded.inverse)
    assert other.key_size == 3072


def test_keys_travel_as_pem_and_fingerprint(key):
    again = keys.load_private(keys.private_pem(key))
    assert again.private_numbers() == key.private_numbers()
    said = keys.facts(key.public_key())
    assert keys.load_public(said).public_numbers() == key.public_key().public_numbers()
    assert said["fingerprint"] == hashlib.sha256(keys.public_der(key.public_key())).hexdigest()
    with pytest.raises(ValueError, match="fingerprint"):
        keys.load_public(said | {"fingerprint": "0" * 64})
