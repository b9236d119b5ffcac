import fc from 'fast-check'
import {expect, test} from 'vitest'
import {createScanner} from '../../../src/data/json/scan.js'
import {decodeText} from '../../../src/data/json/scan-string.js'
import {Flag, Kind, type Tape} from '../../../src/data/json/tape.js'

const whole = {isLast: true, lineBreaksInText: false}

function scan(text: string | Buffer, options = whole) {
  const bytes = Buffer.concat([Buffer.from(text), Buffer.alloc(1)])
  const scanner = createScanner()
  const result = scanner.scan(bytes, 0, bytes.length - 1, options)
  return {result, scanner, bytes}
}

/** The value on a tape, as JavaScript has it. */
function valueAt(tape: Tape, bytes: Buffer, node: number): unknown {
  const [start, end, next] = [tape.start[node]!, tape.end[node]!, tape.next[node]!]
  switch (tape.kind[node]) {
    case Kind.STRING:
      return decodeText(bytes, start, end)
    case Kind.LIST: {
      const list = []
      for (let child = node + 1; child < next; child = tape.next[child]!) list.push(valueAt(tape, bytes, child))
      return list
    }
    case Kind.OBJECT: {
      const entries: [string, unknown][] = []
      for (let key = node + 1; key < next; key = tape.next[key + 1]!) {
        entries.push([decodeText(bytes, tape.start[key]!, tape.end[key]!), valueAt(tape, bytes, key + 1)])
      }
      return Object.fromEntries(entries)
    }
    default:
      return JSON.parse(bytes.toString('utf8', start, end))
  }
}

test('any JSON value comes back from the tape as JSON.parse gives it', () => {
  fc.assert(
    fc.property(fc.json(), fc.integer({min: 0, max: 2}), (json, indent) => {
      const text = JSON.stringify(JSON.parse(json), null, indent)
      const {result, scanner, bytes} = scan(text)
      expect(result).toEqual({type: 'value', at: Buffer.byteLength(text)})
      expect(scanner.flags & ~(Flag.ESCAPED | Flag.RESPELLED | Flag.NUL_IN_KEY | Flag.NOT_FOR_PANDAS | Flag.LONE_SURROGATE)).toBe(
        0,
      )
      expect(JSON.stringify(valueAt(scanner.tape, bytes, 0))).toBe(JSON.stringify(JSON.parse(text)))
    }),
    {numRuns: 500},
  )
})

test('bytes with one change are refused or flagged wherever JSON.parse refuses them', () => {
  const row = '{"prompt":[{"role":"user","content":"a\\n\\u00e9"}],"n":-1.5e3,"t":true,"x":null}'
  fc.assert(
    fc.property(
      fc.nat(row.length),
      fc.constantFrom('', '"', '\\', ',', '{', '}', '[', ']', ':', '0', '1', 'e', '.', '-', ' ', '\t', '\u0001', 'x'),
      fc.boolean(),
      (at, put, drops) => {
        const text = row.slice(0, at) + put + row.slice(at + (drops ? 1 : 0))
        const {result, scanner} = scan(text)
        const isTaken = result.type === 'value' && result.at === Buffer.byteLength(text.trimEnd())
        const odd = Flag.CONTROL_CHARACTER | Flag.ODD_NUMBER | Flag.TOO_BIG | Flag.TRAILING_COMMA | Flag.NOT_JSON
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        expect(isTaken && (scanner.flags & odd) === 0 && !/^\s/.test(text), text).toBe(isJson && !/^\s/.test(text))
      },
    ),
    {numRuns: 2000},
  )
})

test('a value that the bytes cut off wants more of them, wherever the cut is', () => {
  const text = '{"a":[1,-2.5e1,"x\\ud83d\\ude00\\n",true,false,null,{}],"b":"é"}'
  const bytes = Buffer.from(text)
  for (let cut = 0; cut < bytes.length; cut++) {
    const {result} = scan(bytes.subarray(0, cut), {isLast: false, lineBreaksInText: false})
    expect(result.type, text.slice(0, cut)).toBe('more')
  }
})

test.each<[string, number]>([
  ['{"a":1,"a":2}', Flag.DUPLICATE_KEY],
  ['{"chosen":1,"\\u0063hosen":2}', Flag.DUPLICATE_KEY],
  [`{${Array.from({length: 40}, (_, i) => `"k${i}":0`).join(',')},"k7":1}`, Flag.DUPLICATE_KEY],
  ['["\\ud800"]', Flag.LONE_SURROGATE],
  ['["\\udc00\\ud800"]', Flag.LONE_SURROGATE],
  ['["\\ud83d\\ude00"]', 0],
  ['["a\tb"]', Flag.CONTROL_CHARACTER],
  ['{"a":1,}', Flag.TRAILING_COMMA],
  ['[01]', Flag.ODD_NUMBER],
  ['[1.]', Flag.ODD_NUMBER],
  ['[1e999]', Flag.TOO_BIG],
  ['[1e308]', 0],
  ['[NaN,-Infinity]', Flag.NOT_JSON],
  ['[-NaN]', Flag.NOT_JSON | Flag.NOT_FOR_PANDAS],
  [`[${'9'.repeat(30)}]`, Flag.NOT_FOR_PANDAS],
  ['{"a\\u0000b":1}', Flag.NUL_IN_KEY],
])('%s is flagged', (text, flags) => {
  const {result, scanner} = scan(text)
  expect(result.type).toBe('value')
  expect(scanner.flags & ~(Flag.ESCAPED | Flag.RESPELLED)).toBe(flags)
})

test.each([
  '{"a" 1}',
  '{a:1}',
  "{'a':1}",
  '[1,]',
  '[1 2]',
  '{"a":1 "b":2}',
  '["\\q"]',
  '["\\u00g0"]',
  '[+1]',
  '[.5]',
  'nan',
  '["a\nb"]',
  '[1',
])('%j is no JSON', (text) => {
  expect(scan(text).result.type).toBe('error')
})

test('nesting of 100,000 needs no stack', () => {
  const text = '['.repeat(100_000) + ']'.repeat(100_000)
  const {result, scanner} = scan(text)
  expect(result).toEqual({type: 'value', at: 200_000})
  expect(scanner.depth).toBe(100_000)
})
