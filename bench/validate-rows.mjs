// Preference rows as people have them: log-normal 0.5 to 30 KB, a third Chinese, some code, one in twenty escaped throughout. The same
// bytes for the same size.
import {closeSync, openSync, writeSync} from 'node:fs'

let state = 20261122
function random() {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0
  return state / 2 ** 32
}

const words = 'the quick brown fox jumps over a lazy dog while rain falls on old roofs and nobody asks why it should be so'.split(
  ' ',
)
const characters = '的一是在不了有和人这中大为上个国我以要他时来用们生到作地于出就分对成会可主发年动'

function text(length, kind) {
  const parts = []
  let size = 0
  while (size < length) {
    const part =
      kind === 'chinese'
        ? Array.from({length: 12}, () => characters[Math.floor(random() * characters.length)]).join('') + '，'
        : kind === 'code'
          ? `  if (x[${Math.floor(random() * 99)}] < "n") {\n\treturn ${Math.floor(random() * 1e6)}\n  }\n`
          : `${words[Math.floor(random() * words.length)]} ${Math.floor(random() * 1000)} `
    parts.push(part)
    size += Buffer.byteLength(part)
  }
  return parts.join('')
}

export function makeRows(path, megabytes) {
  const file = openSync(path, 'w')
  let written = 0
  let rows = 0
  while (written < megabytes * 1e6) {
    const normal = Math.sqrt(-2 * Math.log(random() || 1e-9)) * Math.cos(2 * Math.PI * random())
    const size = Math.min(30_000, Math.max(500, Math.exp(8.2 + 0.8 * normal)))
    const roll = random()
    const kind = roll < 0.35 ? 'chinese' : roll < 0.47 ? 'code' : 'english'
    const message = (role, share) => [{role, content: text(size * share, kind)}]
    const row = {
      prompt: message('user', 0.25),
      reference: message('assistant', 0.25),
      chosen: message('assistant', 0.2 + 0.1 * random()),
      rejected: message('assistant', 0.2 + 0.1 * random()),
      wrapper: 'sft',
    }
    let line = JSON.stringify(row)
    if (random() < 0.05) line = line.replaceAll(/[\u0080-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`)
    written += writeSync(file, `${line}\n`)
    rows++
  }
  closeSync(file)
  return rows
}
