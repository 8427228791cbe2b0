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

/* Fill in the receipt, and the file it can be saved as. It names no marks and no nonce. */
export function showReceipt (place, receipt, facts) {
  const code = shortCode(receipt)
  place.querySelector('[data-code]').textContent = code
  place.querySelector('[data-receipt]').textContent = grouped(receipt)
  const lines = [...facts, code, receipt]
  const save = place.querySelector('[data-save]')
  save.href = URL.createObjectURL(new Blob([lines.join('\n') + '\n'], { type: 'text/plain' }))
}
