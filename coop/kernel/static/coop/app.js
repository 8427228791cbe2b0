/* The little that markup cannot do. Everything works without it, except the printer's button, which hides itself. */
(function () {
  'use strict'

  document.documentElement.classList.add('js')

  document.addEventListener('click', function (event) {
    const button = event.target.closest('[data-print]')
    if (button) window.print()
  })

  /* After a refusal the reader starts at the list of what is wrong. */
  const errors = document.querySelector('[data-errors]')
  if (errors) errors.focus()

  /* A passkey that was cancelled or is not known here: say so where the button is, instead of in the console. */
  document.addEventListener('allauth.error', function (event) {
    const place = document.querySelector('[data-passkey-error]')
    if (!place) return
    event.preventDefault()
    place.hidden = false
    place.focus()
  })
})()
