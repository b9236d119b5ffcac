import {join} from 'node:path'
import {beforeAll, describe, expect, test} from 'vitest'
import {loadTokenizer} from '../../../src/encoding/tokenizer/load.js'
import type {LoadedTokenizer} from '../../../src/encoding/tokenizer/tokenizer-traits.js'
import {readJsonLines} from '../../fixtures/json-lines.js'
import {sharedFixtures} from '../../fixtures/shared.js'

interface TokensRow {
  readonly id: number
  readonly kind: string
  readonly text: string
  readonly ids: number[]
  readonly decoded?: string
}

// Recorded from the fast class of transformers 4.48.0: fixtures/reference/README.md §3.
describe.skipIf(sharedFixtures === undefined)('tokens.jsonl', () => {
  const reference = join(sharedFixtures ?? '', 'fixtures/reference')
  let rows: TokensRow[]
  let tokenizer: LoadedTokenizer
  beforeAll(async () => {
    rows = readJsonLines(join(reference, 'tokens.jsonl'))
    tokenizer = await loadTokenizer(join(reference, 'tokenizer'))
  })

  test('every string has the ids of the fast tokenizer', () => {
    expect(rows.length).toBe(2079)
    for (const row of rows) expect(tokenizer.encode(row.text), `row ${row.id}, ${row.kind}`).toEqual(row.ids)
  })

  test('every list of ids has the text of the fast tokenizer', () => {
    for (const row of rows) {
      expect(tokenizer.decode(row.ids, {skipSpecialTokens: true}), `row ${row.id}, ${row.kind}`).toBe(row.decoded ?? row.text)
    }
  })

  test('no string has more ids than the traits allow', () => {
    for (const row of rows) expect(row.ids.length).toBeLessThanOrEqual(Buffer.byteLength(row.text) + tokenizer.traits.extraIds)
  })
})
