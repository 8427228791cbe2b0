/* A secret vote, step by step. Everything a step needs is in this browser's memory before the step is taken, so each
   can be taken again: a closed lid or a lost line between two of them loses nothing.

   seed ─► token and blinding ─► credential (signed in) ─► sealed paper ─► box (no cookie, no name) ─► receipt

   A member organisation of a federation has several votes: then each step is taken for as many papers, all marked alike,
   each with a token, a nonce and a receipt of its own. */

import { base64, fromBase64, fromHex, hex, join, sha256 } from './bytes.js'

const text = new TextEncoder()
const VERSION = 2
const TRIES = 18 // numbers below the modulus are found in one or two

/* What went wrong, as a word the page has a sentence for; ``said`` is the server's own sentence, if it had one. */
export class Trouble extends Error {
  constructor (word, said = '', more = {}) {
    super(said || word)
    this.word = word
    this.said = said
    Object.assign(this, more)
  }
}

export class Blinder {
  constructor (url) {
    this.worker = new Worker(url, { type: 'module' })
    this.waiting = new Map()
    this.next = 1
    this.worker.onmessage = ({ data }) => {
      const [resolve, reject] = this.waiting.get(data.id)
      this.waiting.delete(data.id)
      if (data.error) reject(new Error(data.error))
      else resolve(data.answer)
    }
    this.worker.onerror = (event) => {
      for (const [, reject] of this.waiting.values()) reject(new Error(event.message || 'the worker did not start'))
      this.waiting.clear()
    }
  }

  ask (act, rest) {
    const id = this.next++
    return new Promise((resolve, reject) => {
      this.waiting.set(id, [resolve, reject])
      this.worker.postMessage({ id, act, ...rest })
    })
  }
}

/* The canonical marks: lists of whole numbers and null, without spaces. */
export const canonical = (marks) => JSON.stringify(marks)

export const receiptOf = async (marks, nonce) => hex(await sha256(join(nonce, text.encode(canonical(marks)))))

export function pad (written, length) {
  if (written.length + 1 > length) throw new Trouble('broken')
  const padded = new Uint8Array(length)
  padded.set(written)
  padded[written.length] = 0x80
  return padded
}

/* Seal a paper to the ballot's key: RSA-OAEP-256 around AES-256-GCM, bound to the manifest and the token's hash. */
export async function seal (spki, length, marks, nonce, manifestHash, tokenHash) {
  const written = text.encode('{"marks":' + canonical(marks) + ',"nonce":"' + hex(nonce) + '"}')
  const secret = crypto.getRandomValues(new Uint8Array(32))
  const iv = crypto.getRandomValues(new Uint8Array(12))
  const additionalData = join(text.encode('rochdale paper 1'), fromHex(manifestHash), tokenHash)
  const aes = await crypto.subtle.importKey('raw', secret, 'AES-GCM', false, ['encrypt'])
  const rsa = await crypto.subtle.importKey('spki', spki, { name: 'RSA-OAEP', hash: 'SHA-256' }, false, ['encrypt'])
  const shut = await crypto.subtle.encrypt({ name: 'AES-GCM', iv, additionalData }, aes, pad(written, length))
  const wrapped = await crypto.subtle.encrypt({ name: 'RSA-OAEP' }, rsa, secret)
  return join(new Uint8Array(wrapped), iv, new Uint8Array(shut))
}

async function derived (seed, manifestHash, what, length) {
  const key = await crypto.subtle.importKey('raw', seed, 'HKDF', false, ['deriveBits'])
  const how = { name: 'HKDF', hash: 'SHA-256', salt: fromHex(manifestHash), info: text.encode('rochdale ' + what + ' 1') }
  return new Uint8Array(await crypto.subtle.deriveBits(how, key, length * 8))
}

async function ask (url, options) {
  try {
    return await fetch(url, { cache: 'no-store', ...options })
  } catch {
    throw new Trouble('offline')
  }
}

async function answerOf (response) {
  if (response.redirected || !(response.headers.get('content-type') || '').includes('json')) {
    throw new Trouble(response.status >= 500 ? 'server' : 'signed-out')
  }
  const said = await response.json()
  if (response.ok) return said
  if (said.code === 'reauthenticate') throw new Trouble('reauthenticate', said.message, { url: said.url })
  if (response.status >= 500) throw new Trouble('server', said.message)
  throw new Trouble('refused', said.message, { code: said.code })
}

/* What version 1 remembered: one paper, whose parts lay beside the seed. */
function fromFirst ({ seed, step, marks, canonical, version, ...paper }) {
  return { seed, step, marks, canonical, papers: [paper], version: VERSION }
}

/* This browser's memory of one person's vote in one ballot. */
export class Memory {
  constructor (manifestHash, who) {
    this.key = 'rochdale ballot ' + manifestHash.slice(0, 32) + ' ' + who
  }

  read () {
    try {
      const kept = JSON.parse(localStorage.getItem(this.key))
      if (kept && kept.version === 1) return fromFirst(kept)
      return kept && kept.version === VERSION ? kept : null
    } catch {
      return null
    }
  }

  write (kept) {
    try {
      localStorage.setItem(this.key, JSON.stringify({ ...kept, version: VERSION }))
    } catch {
      throw new Trouble('no-memory')
    }
  }

  forget () {
    localStorage.removeItem(this.key)
  }
}

export class Voting {
  /* ``urls``: manifest, credential, box, find. ``group``: which credential key is this person's, ``votes`` how many. */
  constructor ({ urls, group, votes, who, csrf, blinder }) {
    Object.assign(this, { urls, group, votes, who, csrf, blinder })
  }

  /* Read the manifest and take its fingerprint oneself. */
  async open () {
    const response = await ask(this.urls.manifest, {})
    if (!response.ok || response.redirected) throw new Trouble('signed-out')
    const bytes = new Uint8Array(await response.arrayBuffer())
    this.manifestHash = hex(await sha256(bytes))
    this.manifest = JSON.parse(new TextDecoder().decode(bytes))
    this.secret = this.manifest.secret
    this.spki = fromBase64(this.secret.credentials[this.group].spki)
    this.memory = new Memory(this.manifestHash, this.who)
    return this
  }

  get kept () {
    return this.memory.read()
  }

  keep (more) {
    this.memory.write({ ...this.kept, ...more })
  }

  /* What is kept of each paper, in the order of their tokens. */
  get papers () {
    const papers = (this.kept && this.kept.papers) || []
    return Array.from({ length: this.votes }, (_none, at) => papers[at] || {})
  }

  keepPaper (at, more, rest = {}) {
    this.keep({ ...rest, papers: this.papers.map((paper, other) => other === at ? { ...paper, ...more } : paper) })
  }

  /* The papers that are sealed and not in the box yet. */
  get waiting () {
    return this.papers.flatMap((paper, at) => paper.message ? [at] : [])
  }

  get receipts () {
    return this.papers.map((paper) => paper.receipt).filter(Boolean)
  }

  /* The seed of everything, made once and kept before anything is sent. */
  begin (seed) {
    if (!this.kept || !this.kept.seed) {
      this.keep({ seed: hex(seed || crypto.getRandomValues(new Uint8Array(16))), step: 'begun' })
    }
    return fromHex(this.kept.seed)
  }

  /* A token and its blinding out of the seed: the same every time. */
  async blinding (at) {
    const seed = this.begin()
    const nth = at ? ' of vote ' + (at + 1) : ''
    const message = await derived(seed, this.manifestHash, 'token' + nth, 32)
    const chance = await derived(seed, this.manifestHash, 'blinding' + nth, 32 + 48 + 384 * TRIES)
    return this.blinder.ask('blind', { spki: this.spki, message, chance })
  }

  /* Take the credential, or the same one again: a signed token for each vote. */
  async credential () {
    const made = []
    for (let at = 0; at < this.votes; at++) made.push(await this.blinding(at))
    if (!this.papers.every((paper) => paper.signature)) {
      const response = await ask(this.urls.credential, {
        method: 'POST',
        credentials: 'same-origin',
        headers: { 'Content-Type': 'application/json', 'X-CSRFToken': this.csrf, Accept: 'application/json' },
        body: JSON.stringify({ blinded: made.map(({ blinded }) => base64(blinded)) })
      })
      const said = await answerOf(response)
      for (const [at, { prepared, inverse }] of made.entries()) {
        const { signature } = await this.blinder.ask('finalize', {
          spki: this.spki, prepared, signature: fromBase64(said.signatures[at]), inverse
        })
        this.keepPaper(at, { signature: base64(signature) })
      }
      this.keep({ step: 'issued' })
    }
    return made.map(({ prepared }, at) => ({ prepared, signature: fromBase64(this.papers[at].signature) }))
  }

  /* Seal the marks into a message for each vote and keep them: what is sent again after a broken line is the same
     paper. */
  async sealed (marks, credentials) {
    if (this.waiting.length && this.kept.canonical === canonical(marks)) return
    const key = fromBase64(this.secret.sealing.spki)
    const papers = []
    for (const [at, { prepared, signature }] of credentials.entries()) {
      const nonce = crypto.getRandomValues(new Uint8Array(16))
      const tokenHash = await sha256(prepared)
      const sealed = await seal(key, this.secret.paper_bytes, marks, nonce, this.manifestHash, tokenHash)
      papers.push({
        ...this.papers[at],
        message: base64(join(Uint8Array.of(1, this.group), prepared, signature, sealed)),
        paper: hex(await sha256(sealed)),
        nonce: hex(nonce),
        pending: await receiptOf(marks, nonce)
      })
    }
    this.keep({ papers, canonical: canonical(marks), step: 'sealed' })
  }

  /* Bring one to the box, without a cookie and without a name. */
  async deliver (at) {
    const { message, paper, pending } = this.papers[at]
    const response = await ask(this.urls.box, {
      method: 'POST',
      credentials: 'omit',
      referrerPolicy: 'no-referrer',
      headers: { 'Content-Type': 'application/octet-stream' },
      body: fromBase64(message)
    })
    const said = await answerOf(response)
    if (said.paper !== paper) throw new Trouble('server')
    this.keepPaper(at, { receipt: pending, cast: paper, message: null })
    if (!this.waiting.length) this.keep({ canonical: null, marks: null, step: 'cast' })
  }

  /* Are the papers in the box those this browser put there? ``all``, ``none``, or ``some``; ``other`` where another
     lies under a token of theirs. */
  async inTheBox () {
    const found = []
    for (const [at, { cast }] of this.papers.entries()) {
      const { prepared } = await this.blinding(at)
      const response = await ask(this.urls.find, {
        method: 'POST', credentials: 'omit', referrerPolicy: 'no-referrer', body: prepared
      })
      const said = await answerOf(response)
      found.push(said.paper ? (said.paper === cast ? 'all' : 'other') : 'none')
    }
    if (found.includes('other')) return 'other'
    return new Set(found).size > 1 ? 'some' : found[0]
  }
}
