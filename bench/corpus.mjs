import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {root} from './paths.mjs'

/** A generator of numbers in [0, 1), the same every time. */
export function randomNumbers(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32
  }
}

const CONSONANTS = ['b', 'c', 'd', 'f', 'g', 'h', 'l', 'm', 'n', 'p', 'r', 's', 't', 'v', 'w', 'st', 'tr', 'th', 'sh']
const VOWELS = ['a', 'e', 'i', 'o', 'u', 'ea', 'ou', 'io']
const COMMON =
  'the of and to in is that it was for on are with as at be this have from or had by but some what there we can out other were all your when up use word how said an each she which do their time if will way about many then them would write like so these her long make thing see him two has look more day could go come did my sound no most number who over know water than call first people may down side been now find any new work part take get place made live where after back little only round man year came show every good me give our under name very through just form much great think say help low line before turn cause same mean differ move right boy old too does tell sentence set three want air well also play small end put home read hand port large spell add even land here must big high such follow act why ask men change went light kind off need house picture try us again animal point mother world near build self earth father'.split(
    ' ',
  )

/**
 * About `bytes` bytes of text in documents of some kilobytes, a third each: English words in sentences, half of them common and the
 * others made up and used again by Zipf's law; Chinese characters, common ones more often; program text, the sources and packages
 * that are at hand.
 */
export function corpus(bytes) {
  const random = randomNumbers(7)
  const made = Array.from({length: 20_000}, () => word(random))
  const code = sources(join(root, 'node_modules'), bytes / 3)
  const documents = []
  let size = 0
  for (let i = 0; size < bytes; i++) {
    const document =
      i % 3 === 0 ? english(random, made) : i % 3 === 1 ? chinese(random) : (code[(i - 2) / 3] ?? english(random, made))
    documents.push(document)
    size += Buffer.byteLength(document)
  }
  return documents
}

const zipf = (random, count) => Math.min(count - 1, Math.floor(count ** random()) - 1)

function word(random) {
  let made = ''
  for (let i = 1 + Math.floor(random() * 3); i > 0; i--) {
    made += CONSONANTS[Math.floor(random() * CONSONANTS.length)] + VOWELS[Math.floor(random() * VOWELS.length)]
  }
  return random() < 0.5 ? `${made}${CONSONANTS[Math.floor(random() * 13)]}` : made
}

function english(random, made) {
  const sentences = []
  for (let i = 20 + random() * 40; i > 0; i--) {
    const words = Array.from({length: 5 + Math.floor(random() * 18)}, () =>
      random() < 0.6
        ? COMMON[zipf(random, COMMON.length)]
        : random() < 0.96
          ? made[zipf(random, made.length)]
          : String(Math.floor(random() * 5000)),
    )
    const text = words.join(' ').replace(/ (\S+) (?=\S+$)/, ', $1 ')
    sentences.push(`${text[0].toUpperCase()}${text.slice(1)}${random() < 0.1 ? '?' : '.'}${random() < 0.15 ? '\n\n' : ''}`)
  }
  return sentences.join(' ')
}

function chinese(random) {
  let text = ''
  for (let i = 400 + random() * 800; i > 0; i--) {
    // The characters of GB 2312's order would need a table; these blocks hold the common ones.
    text += String.fromCodePoint(0x4e00 + zipf(random, 7000) + Math.floor(random() * 3))
    const end = random()
    if (end < 0.08) text += '，'
    else if (end < 0.12) text += '。'
    else if (end < 0.125) text += '\n'
  }
  return text
}

/** Documents of up to 8 KB out of the source files in a folder, in the order of their names. */
function sources(folder, bytes) {
  const files = readdirSync(folder, {recursive: true})
    .filter((name) => /\.(ts|mjs|js|md)$/.test(name) && !/\.min\.|[\\/](dist|bin|chunks)[\\/]/.test(name))
    .toSorted()
  const documents = []
  let size = 0
  for (let i = 0; i < files.length && size < bytes; i += 7) {
    const text = readFileSync(join(folder, files[i]), 'utf8').slice(0, 8000).toWellFormed()
    documents.push(text)
    size += Buffer.byteLength(text)
  }
  return documents
}
