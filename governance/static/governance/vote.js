/* The page of a secret ballot: mark, review, cast, receipt. */

import { recoveryCode, seedOf } from './bytes.js'
import * as marks from './marks.js'
import { $, canSeal, explain, showReceipt, trouble, word } from './page.js'
import { Blinder, Voting } from './protocol.js'

const place = $('#voting')
const facts = place.dataset
const SHOWN = ['#paper', '#review', '#casting', '#done']
const WAIT = [2000, 8000] // milliseconds between credential and box: the time of the one must not name the other
let voting = null
let toCast = null
let busy = false

function show (what, step, focus) {
  for (const each of SHOWN) $(each).hidden = each !== what
  $('#head').hidden = what === '#done'
  $('#resume').hidden = true
  ;[...$('#steps').children].forEach((item, at) => {
    item.toggleAttribute('data-is', at + 1 < step)
    if (at + 1 < step) item.setAttribute('data-is', 'done')
    if (at + 1 === step) item.setAttribute('aria-current', 'step')
    else item.removeAttribute('aria-current')
  })
  if (focus) $(focus).focus()
}

function clear () {
  trouble('')
  for (const box of document.querySelectorAll('[data-error]')) box.hidden = true
}

function clash ({ part, number, a, b }) {
  const title = part.querySelector('h2').textContent
  const values = { title, number, a, b }
  const box = part.querySelector('[data-error]')
  box.querySelector('strong').textContent = word('clash').replace(/\{(\w+)\}/g, (_all, name) => values[name])
  box.hidden = false
  box.focus()
}

function readOver () {
  const over = $('#read-over')
  over.replaceChildren()
  for (const [title, lines] of marks.inWords('✕')) {
    const heading = document.createElement('h3')
    heading.textContent = title
    const list = document.createElement('ul')
    list.className = 'review'
    for (const [mark, name] of lines.length ? lines : [['–', word('blank')]]) {
      const item = document.createElement('li')
      const bold = document.createElement('b')
      const said = document.createElement('span')
      bold.textContent = mark
      said.textContent = name
      item.append(bold, said)
      list.append(item)
    }
    over.append(heading, list)
  }
}

async function review () {
  clear()
  const read = marks.read()
  if (read.clash) return clash(read.clash)
  toCast = read.marks
  readOver()
  $('#all-blank').hidden = toCast.some((mark) => mark.length)
  voting.keep({ marks: toCast })
  $('#recovery').textContent = await recoveryCode(voting.begin())
  show('#review', 2, '#review-h')
}

const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

const chance = () => crypto.getRandomValues(new Uint32Array(1))[0] / 2 ** 32

async function waitALittle (waiting) {
  const left = new Date(facts.closes) - Date.now()
  if (left < 60000 + waiting * WAIT[1]) return // near the close the papers go at once
  await pause(WAIT[0] + chance() * (WAIT[1] - WAIT[0]))
}

/* The same things in the order of chance (Fisher and Yates). */
function shuffled (things) {
  const order = [...things]
  for (let at = order.length - 1; at > 0; at--) {
    const other = Math.floor(chance() * (at + 1))
    ;[order[at], order[other]] = [order[other], order[at]]
  }
  return order
}

/* Several papers go one by one, apart in time and in the order of chance, so that they are not seen together. */
async function bring (fresh, say) {
  const order = shuffled(voting.waiting)
  for (const [nth, at] of order.entries()) {
    if (fresh || nth) {
      say('step-wait')
      await waitALittle(order.length - nth)
    }
    say(order.length > 1 ? 'step-cast-one' : 'step-cast', { number: nth + 1, all: order.length })
    await voting.deliver(at)
  }
}

/* From wherever it stopped to the receipt. */
async function cast () {
  if (busy) return
  busy = true
  clear()
  const again = $('#again')
  again.hidden = true
  show('#casting', 2, '#casting-h')
  const say = (name, values = {}) => {
    $('#progress').textContent = word(name).replace(/\{(\w+)\}/g, (_all, each) => values[each])
  }
  try {
    say('step-credential')
    const fresh = !voting.papers[0].signature
    const credential = await voting.credential()
    say('step-seal')
    await voting.sealed(toCast, credential)
    await bring(fresh, say)
    done(voting.receipts)
  } catch (error) {
    $('#progress').textContent = ''
    trouble(explain(error), error.url)
    again.hidden = false
  } finally {
    busy = false
  }
}

function done (receipts) {
  showReceipt($('#done'), receipts)
  show('#done', 4, '#done-h')
}

function back () {
  clear()
  const kept = voting.kept
  if (kept && kept.marks) marks.write(kept.marks)
  show('#paper', 1, '#bp')
}

async function recover () {
  clear()
  const seed = await seedOf($('#code').value)
  if (!seed) return trouble(word('bad-code'))
  voting.memory.forget()
  voting.begin(seed)
  $('#recover').hidden = true
  show('#paper', 1, '#bp')
}

const acts = {
  review,
  cast,
  back,
  recover,
  'go-on' () {
    toCast = toCast || voting.kept.marks
    return cast()
  }
}

function begin (kept) {
  if (kept && kept.marks && kept.seed) {
    toCast = kept.marks
    marks.write(kept.marks)
    if (kept.step === 'issued' || kept.step === 'sealed') $('#resume').hidden = false
  } else if (voting.receipts.length) done(voting.receipts)
  const recovering = $('#recover')
  if (recovering) recovering.hidden = Boolean(kept && kept.seed)
}

async function start () {
  if (!canSeal()) throw Object.assign(new Error('old'), { word: 'old-browser' })
  marks.begin(clear)
  voting = new Voting({
    urls: { manifest: facts.manifest, credential: facts.credential, box: facts.box, find: facts.find },
    group: Number(facts.group),
    votes: Number(facts.votes),
    who: facts.who,
    csrf: facts.csrf,
    blinder: new Blinder(facts.worker)
  })
  await voting.open()
  if (voting.manifestHash !== facts.fingerprint) {
    voting = null
    throw Object.assign(new Error('other'), { word: 'fingerprint-differs' })
  }
  begin(voting.kept)
  place.addEventListener('click', (event) => {
    const button = event.target.closest('[data-act]')
    if (button) Promise.resolve(acts[button.dataset.act]()).catch((error) => trouble(explain(error)))
  })
  place.dataset.ready = 'yes'
}

start().catch((error) => trouble(explain(error)))

