/* Is my paper there? In the box before the close, among the receipts after it. What is looked for stays in here. */

import { shortCode } from './bytes.js'
import { $, canSeal, explain, showReceipt, trouble, word } from './page.js'
import { Blinder, Memory, Trouble, Voting } from './protocol.js'

const facts = $('#checking').dataset
const memory = new Memory(facts.fingerprint, facts.who)

function answer (good, sentence, more = '') {
  const box = $('#answer')
  box.hidden = false
  box.dataset.is = good ? 'good' : 'stop'
  box.querySelector('strong').textContent = sentence
  const rest = box.querySelector('p')
  rest.textContent = more
  rest.hidden = !more
}

async function receipts () {
  let response
  try {
    response = await fetch(facts.receipts)
  } catch {
    throw new Trouble('offline')
  }
  if (!response.ok || response.redirected) throw new Trouble('signed-out')
  return (await response.text()).split('\n').filter(Boolean).map((line) => {
    const at = line.indexOf(' ')
    return at < 0 ? [line, ''] : [line.slice(0, at), line.slice(at + 1)]
  })
}

const folded = (code) => code.toUpperCase().replace(/[^0-9A-Z]/g, '')

async function look (code) {
  const wanted = folded(code)
  if (wanted.length !== 16 && wanted.length !== 64) return trouble(word('not-a-code'))
  const plain = wanted.length === 16 ? wanted.replace(/O/g, '0').replace(/[IL]/g, '1') : wanted
  const found = (await receipts()).find(([receipt]) =>
    receipt.toUpperCase() === plain || folded(shortCode(receipt)) === plain)
  if (!found) return answer(false, word('not-counted'))
  answer(true, word('counted'), found[1] && word('its-marks') + ' ' + found[1])
}

/* All papers of a member organisation; which one is whose stands nowhere, so neither do marks. */
async function lookForAll (mine) {
  const there = new Set((await receipts()).map(([receipt]) => receipt))
  const missing = mine.filter((receipt) => !there.has(receipt)).length
  answer(!missing, word(missing ? 'not-all-counted' : 'all-counted'))
}

/* After the opening the credential and the nonce are good for nothing any more. */
function tidy (kept, mine) {
  memory.write({ step: kept.step, papers: mine.map((receipt) => ({ receipt })) })
}

async function inTheBox () {
  if (!canSeal()) throw new Trouble('old-browser')
  const urls = { manifest: facts.manifest, find: facts.find }
  const [group, votes] = [Number(facts.group), Number(facts.votes)]
  const voting = new Voting({ urls, group, votes, who: facts.who, blinder: new Blinder(facts.worker) })
  await voting.open()
  const there = await voting.inTheBox()
  const words = { all: votes > 1 ? 'all-in-box' : 'in-box', some: 'some-in-box', none: 'not-in-box', other: 'other-in-box' }
  answer(there === 'all', word(words[there]))
}

async function start () {
  const kept = memory.read()
  $('#checking').addEventListener('click', (event) => {
    const button = event.target.closest('[data-act]')
    if (!button) return
    trouble('')
    if (button.dataset.act === 'look') look($('#wanted').value).catch((error) => trouble(explain(error)))
    if (button.dataset.act === 'forget') {
      memory.forget()
      location.reload()
    }
  })
  const mine = ((kept && kept.papers) || []).map((paper) => paper.receipt).filter(Boolean)
  if (!kept || !(mine.length || kept.seed)) return
  $('#nothing').hidden = true
  $('#forget').hidden = false
  if (!mine.length) return answer(false, word('not-in-box'))
  $('#mine').hidden = false
  showReceipt($('#mine'), mine)
  if (facts.receipts) {
    await (mine.length > 1 ? lookForAll(mine) : look(mine[0]))
    tidy(kept, mine)
  } else await inTheBox()
}

start().then(() => { $('#checking').dataset.ready = 'yes' }, (error) => trouble(explain(error)))
