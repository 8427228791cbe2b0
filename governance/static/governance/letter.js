/* The page on which the code of a voting letter is typed: a camera brings the code behind #, which no server is sent. */

const code = decodeURIComponent(location.hash.slice(1)).replace(/[^0-9A-Za-z-]/g, '').slice(0, 20)
const field = document.querySelector('#id_code')
if (code && field) {
  field.value = code
  history.replaceState(null, '', location.pathname) // it stays neither in the address nor in the history
  field.form.querySelector('button').focus()
}
