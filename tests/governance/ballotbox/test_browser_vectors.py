"""The browser's half in real Chromium: RFC 9474's vectors, seals Python opens, codes both sides write alike."""

from __future__ import annotations

import base64
import hashlib
import secrets
from pathlib import Path

import pytest

from governance.ballotbox import blind, keys, message, paper, sealing

from .vectors import key_of, number, octets, rfc9474

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


@pytest.fixture
def page(visit):
    return visit("/livez")


@pytest.mark.parametrize("vector", rfc9474(), ids=lambda vector: vector["name"])
def test_rfc_9474_vectors_in_chromium(page, vector):
    """The vendored library as it is, fed with the vector's own randomness by the worker every vote goes through."""
    key = key_of(vector)
    size, randomized = key.key_size // 8, bool(number(vector["is_randomized"]))
    factor = pow(number(vector["inv"]), -1, number(vector["n"]))
    prefix = octets(vector["msg_prefix"]) if randomized else b""
    chance = prefix + octets(vector["salt"]) + factor.to_bytes(size, "big")
    answer = page.evaluate(
        """async (a) => {
          const { Blinder } = await import('/static/governance/protocol.js')
          const { fromBase64, hex } = await import('/static/governance/bytes.js')
          const blinder = new Blinder('/static/governance/blind-worker.js')
          const spki = fromBase64(a.spki)
          const made = await blinder.ask('blind',
            { spki, message: fromBase64(a.message), chance: fromBase64(a.chance), variant: a.variant })
          const done = await blinder.ask('finalize', { spki, prepared: made.prepared,
            signature: fromBase64(a.signature), inverse: made.inverse, variant: a.variant })
          return { prepared: hex(made.prepared), blinded: hex(made.blinded), inverse: hex(made.inverse),
            signature: hex(done.signature) }
        }""",
        {
            "spki": b64(keys.public_der(key.public_key())),
            "message": b64(octets(vector["msg"])),
            "chance": b64(chance),
            "signature": b64(octets(vector["blind_sig"])),
            "variant": {"salt": number(vector["sLen"]), "randomized": randomized},
        },
    )
    assert answer["prepared"] == octets(vector["input_msg"]).hex()
    assert answer["blinded"] == octets(vector["blinded_msg"]).hex()
    assert int(answer["inverse"], 16) == number(vector["inv"])
    assert answer["signature"] == octets(vector["sig"]).hex()
    assert page.problems == []


def test_a_paper_sealed_in_chromium_opens_in_python(page):
    key, manifest, token = keys.generate(), "ab" * 32, secrets.token_bytes(32)
    marks = [[2, 0, [1, 3]], [0], [None, 7, -1], []]
    answer = page.evaluate(
        """async (a) => {
          const { seal, receiptOf } = await import('/static/governance/protocol.js')
          const { fromBase64, base64, hex } = await import('/static/governance/bytes.js')
          const nonce = crypto.getRandomValues(new Uint8Array(16))
          const sealed = await seal(fromBase64(a.spki), 192, a.marks, nonce, a.manifest, fromBase64(a.token))
          return { sealed: base64(sealed), nonce: hex(nonce), receipt: await receiptOf(a.marks, nonce) }
        }""",
        {"spki": b64(keys.public_der(key.public_key())), "marks": marks, "manifest": manifest, "token": b64(token)},
    )
    sealed = base64.b64decode(answer["sealed"])
    assert len(sealed) == sealing.sealed_length(key.public_key(), 192)
    opened = sealing.unseal(key, sealed, sealing.bound_to(manifest, token))
    assert paper.read(opened) == (marks, bytes.fromhex(answer["nonce"]))
    assert answer["receipt"] == paper.receipt(marks, bytes.fromhex(answer["nonce"]))


def test_the_recovery_code_makes_the_same_blinded_message_and_another_another(page):
    key = keys.generate()
    asked = """async (a) => {
      const { Blinder, Voting, Memory } = await import('/static/governance/protocol.js')
      const { fromBase64, hex, recoveryCode, seedOf } = await import('/static/governance/bytes.js')
      const made = []
      let code = ''
      for (const who of ['1', '2', '3']) {
        const blinder = new Blinder('/static/governance/blind-worker.js')
        const voting = new Voting({ urls: {}, group: 0, votes: 1, who, blinder })
        const memory = new Memory(a.manifest, who)
        Object.assign(voting, { manifestHash: a.manifest, spki: fromBase64(a.spki), memory })
        if (who === '2') voting.begin(await seedOf(code.toLowerCase().replace(/0/g, 'o')))
        else code = who === '1' ? await recoveryCode(voting.begin()) : code
        made.push(await voting.blinding(0))
      }
      return { code, made: made.map(({ prepared, blinded, inverse }) => [hex(prepared), hex(blinded), hex(inverse)]),
        wrong: await seedOf(code.replace(/.$/, (last) => last === 'A' ? 'B' : 'A')), none: await seedOf('nonsense') }
    }"""
    answer = page.evaluate(asked, {"manifest": "cd" * 32, "spki": b64(keys.public_der(key.public_key()))})
    assert len(answer["code"].split()) == 7
    assert answer["made"][0] == answer["made"][1] != answer["made"][2]
    assert answer["wrong"] is None
    assert answer["none"] is None
    prepared, blinded, inverse = (bytes.fromhex(part) for part in answer["made"][0])
    signature = blind.finalize(key.public_key(), prepared, blind.sign(key, blinded), int.from_bytes(inverse, "big"))
    assert blind.verify(key.public_key(), prepared, signature)
    assert len(prepared) == message.PREPARED


def test_both_sides_write_codes_alike(page):
    receipts = [secrets.token_hex(32) for _ in range(20)] + ["0" * 64, "f" * 64]
    shown = page.evaluate(
        """async (all) => {
          const { shortCode } = await import('/static/governance/bytes.js')
          return all.map(shortCode)
        }""",
        receipts,
    )
    assert shown == [paper.code(each) for each in receipts]


def test_the_vendored_files_are_those_of_the_package():
    folder = Path(__file__).parents[3] / "governance/static/governance/vendor/blindrsa-ts-0.4.4"

    sums = {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in ("blindrsa.js", "util.js")}
    assert sums == {
        "blindrsa.js": "a9d273fc483e9fcb0ff9133a04b7932119d54d20dc9330d05438222d68381d11",
        "util.js": "23188db3f68c0113d09d6e1d83a83e69291fe04e143fe25cb70c03f32db3e2f4",
    }
    assert (folder / "LICENSE.txt").exists()
