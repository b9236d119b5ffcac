import {join} from 'node:path'
import {beforeAll, describe, expect, test} from 'vitest'
import {createEncoder} from '../../../src/encoding/encoder.js'
import {loadTokenizer} from '../../../src/encoding/tokenizer/load.js'
import type {LoadedTokenizer} from '../../../src/encoding/tokenizer/tokenizer-traits.js'
import type {Tokenizer} from '../../../src/encoding/tokenizer/tokenizer.js'
import {PolarError} from '../../../src/errors.js'
import type {Row} from '../../../src/rows/row.js'
import {readJsonLines} from '../../fixtures/json-lines.js'
import {sharedFixtures} from '../../fixtures/shared.js'
import {withoutTraits} from '../../fixtures/without-traits.js'

interface EncodeRow {
  readonly id: number
  readonly kind: string
  readonly row: Row & Readonly<Record<string, unknown>>
  readonly options: {readonly max_length: number; readonly max_response_length: number; readonly response_cut_side: string}
  readonly text?: string
  readonly cut?: readonly string[]
  readonly error?: string
}

// Recorded from upstream's RewardModelClient.encode: fixtures/reference/README.md §2.
describe.skipIf(sharedFixtures === undefined)('encode.jsonl', () => {
  const reference = join(sharedFixtures ?? '', 'fixtures/reference')
  let rows: EncodeRow[]
  let tokenizer: LoadedTokenizer
  beforeAll(async () => {
    rows = readJsonLines(join(reference, 'encode.jsonl'))
    tokenizer = await loadTokenizer(join(reference, 'tokenizer'))
  })

  const encode = (given: EncodeRow, by: Tokenizer) => {
    const {max_length: maxLength, max_response_length: maxResponseLength, response_cut_side: side} = given.options
    // Upstream takes every value but 'right' for the left side.
    return createEncoder(by, {maxLength, maxResponseLength, responseCutSide: side === 'right' ? 'right' : 'left'}).encode(
      given.row,
    )
  }

  test.each([
    ['with the shortcuts that its traits allow', (loaded: LoadedTokenizer): Tokenizer => loaded],
    ['tokenizing everything', withoutTraits],
  ])('texts and cuts are upstream’s, %s', (_name, chosen) => {
    const by = chosen(tokenizer)
    const good = rows.filter((row) => row.error === undefined)
    expect(good.length).toBe(2043)
    for (const row of good) {
      const {text, cut} = encode(row, by)
      expect({text, cut}, `row ${row.id}, ${row.kind}`).toEqual({text: row.text, cut: row.cut ?? []})
    }
  })

  test('what upstream raises on is refused with a pointer, but for other keys, which rows may have', () => {
    const bad = rows.filter((row) => row.error !== undefined && !('id' in row.row || 'score' in row.row))
    expect(bad.length).toBeGreaterThan(25)
    for (const row of bad) {
      const refusal = expect.objectContaining({
        code: 'ROW_INVALID',
        facts: {pointer: expect.stringMatching(/^\/(prompt|reference|output)/)},
      })
      expect(() => encode(row, tokenizer), `row ${row.id}`).toThrow(PolarError)
      expect(() => encode(row, tokenizer), `row ${row.id}`).toThrow(refusal)
    }
  })
})
