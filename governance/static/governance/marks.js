/* The paper on the page: ranks, marks and scores as the voter left them. It is no form: nothing here is ever sent. */

const parts = () => [...document.querySelectorAll('[data-question]')]
const lines = (part) => [...part.querySelectorAll('li[data-option]')]
const option = (line) => Number(line.dataset.option)
const rank = (line) => Number(line.querySelector('select').value) || 0

function ranked (part) {
  return lines(part).filter(rank).sort((a, b) => rank(a) - rank(b) || option(a) - option(b))
}

/* Put the lists into the order of the numbers: those with one above, the others below in the paper's order. */
function draw (part, order = ranked(part)) {
  const above = part.querySelector('ol.ranked')
  const below = part.querySelector('ul.ranked')
  const rest = lines(part).filter((line) => !order.includes(line)).sort((a, b) => option(a) - option(b))
  order.forEach((line, at) => {
    line.querySelector('select').value = String(at + 1)
    line.classList.remove('off')
    above.append(line)
    const [up, down] = line.querySelectorAll('[data-move=up], [data-move=down]')
    up.disabled = at === 0
    down.disabled = at === order.length - 1
  })
  rest.forEach((line) => {
    line.querySelector('select').value = ''
    line.classList.add('off')
    below.append(line)
  })
  for (const line of lines(part)) {
    for (const button of line.querySelectorAll('[data-move]')) {
      button.hidden = (button.dataset.move === 'add') === order.includes(line)
    }
  }
  above.hidden = !order.length
  below.hidden = !rest.length
  part.querySelector('[data-unranked]').hidden = !order.length || !rest.length
}

function move (part, line, what) {
  const order = ranked(part)
  const at = order.indexOf(line)
  if (what === 'add') order.push(line)
  else {
    const to = at + (what === 'up' ? -1 : 1)
    if (to < 0 || to >= order.length) return
    order.splice(to, 0, ...order.splice(at, 1))
  }
  draw(part, order)
  const wanted = line.querySelector('[data-move=' + (what === 'add' ? 'up' : what) + ']')
  const other = line.querySelector('[data-move=' + (what === 'down' ? 'up' : 'down') + ']')
  const focus = !wanted.disabled ? wanted : !other.disabled ? other : line.querySelector('select')
  focus.focus()
}

/* Listen to the paper; ``changed`` is called after every mark. */
export function begin (changed) {
  for (const part of parts()) {
    if (part.dataset.kind === 'ranks') {
      part.addEventListener('click', (event) => {
        const button = event.target.closest('[data-move]')
        if (!button) return
        if (button.dataset.move === 'sort') draw(part)
        else move(part, button.closest('li'), button.dataset.move)
        changed()
      })
      draw(part)
    }
    part.addEventListener('change', changed)
  }
}

/* The marks in the order of the questions, as they are kept; or {question, a, b, number} where two have one number. */
export function read () {
  const marks = []
  for (const part of parts()) {
    const mark = readOne(part)
    if (!Array.isArray(mark)) return { clash: mark }
    marks.push(mark)
  }
  return { marks }
}

function readOne (part) {
  if (part.dataset.kind === 'scores') {
    const scores = Array(Number(part.dataset.options)).fill(null)
    for (const line of lines(part)) {
      const value = line.querySelector('select').value
      scores[option(line)] = value === '' ? null : Number(value)
    }
    return scores.every((score) => score === null) ? [] : scores
  }
  if (part.dataset.kind !== 'ranks') {
    const chosen = [...part.querySelectorAll('input:checked')].map((input) => input.value).filter((v) => v !== '')
    return chosen.map(Number).sort((a, b) => a - b)
  }
  const groups = new Map()
  for (const line of ranked(part)) {
    if (!groups.has(rank(line))) groups.set(rank(line), [])
    groups.get(rank(line)).push(line)
  }
  const mark = []
  for (const [number, group] of groups) {
    if (group.length > 1 && !part.dataset.alike) return { part, number, a: nameOf(group[0]), b: nameOf(group[1]) }
    mark.push(group.length > 1 ? group.map(option) : option(group[0]))
  }
  return mark
}

export const nameOf = (line) => line.querySelector('strong').textContent

/* Put marks back onto the paper. */
export function write (marks) {
  parts().forEach((part, at) => {
    const mark = marks[at] || []
    if (part.dataset.kind === 'ranks') {
      const places = new Map()
      mark.forEach((group, place) => [group].flat().forEach((each) => places.set(each, place + 1)))
      for (const line of lines(part)) line.querySelector('select').value = String(places.get(option(line)) || '')
      const alike = mark.some((group) => Array.isArray(group))
      if (!alike) draw(part)
    } else if (part.dataset.kind === 'scores') {
      for (const line of lines(part)) line.querySelector('select').value = String(mark[option(line)] ?? '')
    } else {
      for (const input of part.querySelectorAll('input')) {
        input.checked = mark.length ? mark.includes(Number(input.value)) && input.value !== '' : input.value === ''
      }
    }
  })
}

/* What is marked, for reading it over: [title, [[number or cross, name], …]] for each question. */
export function inWords (cross) {
  return parts().map((part) => {
    const title = part.querySelector('h2').textContent
    if (part.dataset.kind === 'ranks') return [title, ranked(part).map((line) => [String(rank(line)), nameOf(line)])]
    if (part.dataset.kind === 'scores') {
      const scored = lines(part).filter((line) => line.querySelector('select').value !== '')
      return [title, scored.map((line) => [line.querySelector('select').value, nameOf(line)])]
    }
    const chosen = [...part.querySelectorAll('input:checked')].filter((input) => input.value !== '')
    return [title, chosen.map((input) => [cross, input.closest('label').querySelector('span').firstChild.textContent])]
  })
}
