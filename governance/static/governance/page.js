/* What both pages of a secret ballot need: sentences, trouble, the receipt. */

import { shortCode } from './bytes.js'

export const $ = (selector) => document.querySelector(selector)

export const word = (name) => $('#words [data-word="' + name + '"]').textContent

export function trouble (sentence, url = '') {
  const box = $('#trouble')
  box.hidden = !sentence
  box.querySelector('strong').textContent = sentence
  const sure = $('#sure')
  if (sure) {
    sure.hidden = !url
    if (url) sure.href = url
  }
  if (sentence) box.focus()
}

export function explain (error) {
  if (!error.word) {
    console.warn(error)
    return word('broken')
  }
  return error.said || word(error.word)
}

export const canSeal = () => window.isSecureContext && window.crypto && crypto.subtle && 'Worker' in window

export const grouped = (text) => text.match(/.{1,4}/g).join(' ')

/* One text in the place of the pattern's, the others behind it in places like it. */
function fill (place, pattern, texts) {
  const [first, ...before] = place.querySelectorAll(pattern)
  for (const each of before) each.remove()
  let last = first
  for (const [at, text] of texts.entries()) {
    const here = at ? first.cloneNode() : first
    here.textContent = text
    if (at) last.after(here)
    last = here
  }
}

/* Fill in the receipt of each paper, and the file they can be saved as, for somebody who reads it a year later. It names
   no marks, no nonce and no time. */
export function showReceipt (place, receipts) {
  fill(place, '[data-code]', receipts.map(shortCode))
  fill(place, '[data-receipt]', receipts.map(grouped))
  const file = place.querySelector('[data-file]')
  const { short, full } = file.dataset
  const head = [...file.children].map((line) => line.textContent.trim())
  const each = (receipt) => ['', short + ': ' + shortCode(receipt), full + ': ' + receipt]
  const lines = [...head, ...receipts.flatMap(each)]
  const save = place.querySelector('[data-save]')
  save.href = URL.createObjectURL(new Blob([lines.join('\n') + '\n'], { type: 'text/plain' }))
}
