/* Bytes in and out of text, and the recovery code: 128 bits a person can write down. */

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ' // Crockford's base 32: no I, L, O, U

export const hex = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')

export const fromHex = (text) => Uint8Array.from(text.match(/../g) || [], (pair) => parseInt(pair, 16))

export function base64 (bytes) {
  let text = ''
  for (const byte of bytes) text += String.fromCharCode(byte)
  return btoa(text)
}

export const fromBase64 = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))

export function join (...parts) {
  const whole = new Uint8Array(parts.reduce((size, part) => size + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

export const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest('SHA-256', bytes))

function base32 (bytes, length) {
  let number = BigInt('0x' + hex(bytes))
  number = (number << BigInt(length * 5)) >> BigInt(bytes.length * 8)
  let text = ''
  for (let at = length - 1; at >= 0; at--) text += ALPHABET[Number((number >> BigInt(at * 5)) & 31n)]
  return text
}

const inFours = (text) => text.match(/.{1,4}/g).join(' ')

/* A receipt's short form: its first 80 bits. */
export const shortCode = (receiptHex) => inFours(base32(fromHex(receiptHex.slice(0, 20)), 16))

/* 16 bytes as 26 letters and 2 that check them. */
export async function recoveryCode (seed) {
  const padded = join(seed, new Uint8Array(1)) // 130 bits are asked for; the last two are nothing
  return inFours(base32(padded.slice(0, 17), 26) + base32((await sha256(seed)).slice(0, 2), 2))
}

/* The 16 bytes of a code as somebody typed it, or null where it is not one. */
export async function seedOf (code) {
  const text = code.toUpperCase().replace(/O/g, '0').replace(/[IL]/g, '1').replace(/[^0-9A-Z]/g, '')
  if (text.length !== 28 || /U/.test(text)) return null
  let number = 0n
  for (const letter of text.slice(0, 26)) number = (number << 5n) | BigInt(ALPHABET.indexOf(letter))
  const seed = fromHex((number >> 2n).toString(16).padStart(32, '0'))
  return (await recoveryCode(seed)).replace(/ /g, '') === text ? seed : null
}
