import {readdirSync, readFileSync} from 'node:fs'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {expect, test} from 'vitest'

const root = fileURLToPath(new URL('../../', import.meta.url))

/** What may stand at the start of a message with a capital. */
const NAMES = /^ONNX Runtime /

/** What does not tell anybody to do something. */
const NO_BEGINNING = /^(?:the|an?|this|that|these|it|there|you|your|or|and|please|one)\b/i

interface Literal {
  readonly place: string
  readonly text: string
}

/** The string or template that begins at `at`, as it is written between its quotes; `${…}` stays. */
function literalAt(source: string, at: number): {text: string; end: number} | undefined {
  const quote = source[at]
  if (quote !== "'" && quote !== '"' && quote !== '`') return undefined
  let depth = 0
  for (let i = at + 1; i < source.length; i++) {
    if (source[i] === '\\') i++
    else if (quote === '`' && source.startsWith('${', i)) depth++
    else if (depth > 0 && source[i] === '}') depth--
    else if (depth === 0 && source[i] === quote) return {text: source.slice(at + 1, i), end: i}
  }
  return undefined
}

function sources(): {file: string; source: string}[] {
  return ['src', 'commands'].flatMap((room) =>
    readdirSync(join(root, room), {recursive: true, encoding: 'utf8'})
      .filter((name) => name.endsWith('.ts'))
      .map((name) => ({file: join(room, name), source: readFileSync(join(root, room, name), 'utf8')})),
  )
}

function literalsAfter(pattern: RegExp): Literal[] {
  return sources().flatMap(({file, source}) =>
    [...source.matchAll(pattern)].flatMap((match) => {
      const found = literalAt(source, match.index + match[0].length)
      return found === undefined ? [] : [{place: `${file}:${source.slice(0, match.index).split('\n').length}`, text: found.text}]
    }),
  )
}

/** Literals at the top of every list of suggestions. */
function suggestionLiterals(): Literal[] {
  return sources().flatMap(({file, source}) =>
    [...source.matchAll(/\bsuggestions\b[^[(;{}]*\[/g)].flatMap((match) => {
      const texts: Literal[] = []
      for (let i = match.index + match[0].length; i < source.length; i++) {
        // Behind one list may stand the other of a condition.
        if (source[i] === ']') i += /^\]\s*:\s*\[/.exec(source.slice(i, i + 100))?.[0].length ?? source.length
        const found = literalAt(source, i)
        if (found === undefined) continue
        if (/[a-z]/i.test(found.text)) texts.push({place: `${file}:${source.slice(0, i).split('\n').length}`, text: found.text})
        i = found.end
      }
      return texts
    }),
  )
}

const messages = [
  ...literalsAfter(/new PolarError\(\s*'\w+',\s*[\w']+,\s*(?:didYouMean\()?/g),
  ...literalsAfter(/new Interrupted\(\s*/g),
]

test('messages begin small, names aside, and have no full stop at the end', () => {
  expect(messages.length).toBeGreaterThan(40)
  expect(messages.filter(({text}) => (/^[A-Z]/.test(text) && !NAMES.test(text)) || /[.!]$/.test(text))).toEqual([])
})

test('suggestions begin with a command, a flag or a verb, small, and have no full stop at the end', () => {
  const suggestions = suggestionLiterals()
  expect(suggestions.length).toBeGreaterThan(30)
  const isGood = (text: string) => /^(?:[a-z]|-|\$\{|[A-Z_]+=\S)/.test(text) && !NO_BEGINNING.test(text) && !text.endsWith('.')
  expect(suggestions.filter(({text}) => !isGood(text))).toEqual([])
})
