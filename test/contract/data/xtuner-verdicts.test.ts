import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {beforeAll, describe, expect, test} from 'vitest'
import {validate, type ValidateOptions} from '../../../src/data/validate.js'
import {loadTokenizer} from '../../../src/encoding/tokenizer/load.js'
import type {LoadedTokenizer} from '../../../src/encoding/tokenizer/tokenizer-traits.js'
import {sharedFixtures} from '../../fixtures/shared.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'
import {xtunerCases, type XtunerCase} from '../../fixtures/xtuner-cases.js'

const isFull = process.env['POLAR_TEST_FULL'] === '1'
const {signal} = new AbortController()

/**
 * Cases that are told to stop, hang or crash, but otherwise than loading and tokenizing alone do. `invalid_utf8_late.jsonl` is one on purpose:
 * loading raises, and the real trainer then hangs at its exit (its `verdict`, beside the `data_verdict` that is compared here).
 */
const categoriesThatDiffer = 2

describe.skipIf(sharedFixtures === undefined)('what real xtuner 0.2.0 did with 1,485 files', () => {
  let cases: XtunerCase[]
  let tokenizer: LoadedTokenizer
  beforeAll(async () => {
    cases = xtunerCases(sharedFixtures ?? '')
    tokenizer = await loadTokenizer(join(sharedFixtures ?? '', 'fixtures/reference/tokenizer'))
  })

  async function check(folder: string, one: XtunerCase, more: Partial<ValidateOptions> = {}) {
    const file = join(folder, `${one.id}.data.jsonl`)
    await writeFile(file, one.bytes)
    return validate({files: [file], purpose: 'finetune', limits: one.limits, maxFindings: 20, signal, ...more})
  }

  test('is what polar says of them', async () => {
    const folder = await temporaryFolder()
    const wrong: string[] = []
    let otherCategory = 0
    expect(cases).toHaveLength(1485)
    for (const one of cases) {
      const report = await check(folder, one, {tokenizer})
      const said = report.files[0]?.xtuner
      if (said === one.verdict) continue
      if (said === 'ok' || one.verdict === 'ok') wrong.push(`${one.id}: ${one.verdict}, not ${said}: ${one.error}`)
      else otherCategory++
    }
    expect(wrong).toEqual([])
    expect(otherCategory).toBeLessThanOrEqual(categoriesThatDiffer)
  })

  test('every row that it takes has the same tokens, cuts, ids and fate', async () => {
    const folder = await temporaryFolder()
    let rows = 0
    for (const one of cases.filter(({perRow}) => perRow.length > 0)) {
      const out = join(folder, `${one.id}.rows.jsonl`)
      await check(folder, one, {tokenizer, rowsOut: out})
      const counted = new Map(
        (await readFile(out, 'utf8'))
          .split('\n')
          .filter((line) => line !== '')
          .map((line): [number, unknown] => [JSON.parse(line).row, JSON.parse(line)]),
      )
      for (const row of one.perRow) {
        if ('error' in row) continue
        const expected = {...row, dropped: one.dropped.includes(Number(row['row']))}
        expect(counted.get(Number(row['row'])), `${one.id}, row ${row['row']}`).toMatchObject(expected)
        rows++
      }
    }
    expect(rows).toBeGreaterThan(2000)
  })

  test('what --fix writes as JSONL is without errors, and ok unless it is a column of dates', async () => {
    const folder = await temporaryFolder()
    await mkdir(join(folder, 'fixed'))
    let fixed = 0
    for (const one of isFull ? cases : cases.filter((_, i) => i % 5 === 0)) {
      const fix = join(folder, 'fixed', `${one.id}.fixed.jsonl`)
      const report = await check(folder, one, {fix}).catch((error: unknown) => error)
      if (report instanceof Error) continue
      const again = await validate({files: [fix], purpose: 'finetune', limits: one.limits, maxFindings: 20, signal})
      expect(again.counts.errors, one.id).toBe(0)
      const dates = again.counts.codes.DATE_COLUMN ?? 0
      expect(again.files[0]?.xtuner, one.id).toBe(dates > 0 ? 'hangs' : 'ok')
      fixed++
    }
    expect(fixed).toBeGreaterThan(isFull ? 900 : 180)
  })
})
