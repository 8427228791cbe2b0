/* Blinding and unblinding, beside the page, so that it stays awake.

   All chance the library asks for here comes from bytes it was given: so the recovery code alone makes the same blinded
   message again, and so RFC 9474's vectors run through the library as it is. It asks for 32 bytes of prefix, 48 of
   salt, and then as many as the key is long until they make a number below the modulus. A worker has a global of its
   own; nothing else draws from it. */

import { BlindRSA, PrepareType } from './vendor/blindrsa-ts-0.4.4/blindrsa.js'

let feed = new Uint8Array(0)
const chance = crypto.getRandomValues.bind(crypto)

function given (array) {
  if (!feed.length) return chance(array)
  if (array.byteLength > feed.length) throw new Error('used up')
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength).set(feed.slice(0, array.byteLength))
  feed = feed.slice(array.byteLength)
  return array
}
Object.defineProperty(crypto, 'getRandomValues', { value: given })

const suite = ({ salt = 48, randomized = true } = {}) => new BlindRSA({
  name: 'RSABSSA',
  hash: 'SHA-384',
  saltLength: salt,
  prepareType: randomized ? PrepareType.Randomized : PrepareType.Deterministic,
  supportsRSARAW: false
})

const keyOf = (spki) => crypto.subtle.importKey('spki', spki, { name: 'RSA-PSS', hash: 'SHA-384' }, true, ['verify'])

const acts = {
  async blind ({ spki, message, chance: bytes, variant }) {
    const rsa = suite(variant)
    const key = await keyOf(spki)
    feed = bytes
    try {
      const prepared = rsa.prepare(message)
      const { blindedMsg, inv } = await rsa.blind(key, prepared)
      return { prepared, blinded: blindedMsg, inverse: inv }
    } finally {
      feed = new Uint8Array(0)
    }
  },
  async finalize ({ spki, prepared, signature, inverse, variant }) {
    return { signature: await suite(variant).finalize(await keyOf(spki), prepared, signature, inverse) }
  }
}

let turn = Promise.resolve() // one after the other: the bytes given belong to one of them
self.onmessage = ({ data: { id, act, ...rest } }) => {
  turn = turn.then(() => acts[act](rest)).then(
    (answer) => self.postMessage({ id, answer }),
    (error) => self.postMessage({ id, error: String(error.message || error) })
  )
}
