import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import fc from 'fast-check'
import {expect, test} from 'vitest'
import {validate, type ValidationReport} from '../../../src/data/validate.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const limits = {maxLength: 16_384, maxResponseLength: 4096, maxPackedLength: 32_768}
const {signal} = new AbortController()
const message = (role: string, content: string) => [{role, content}]
const row = (i: number) => ({
  prompt: message('user', `Question ${i}: {"a": [1, 2]}, {"b"`),
  reference: message('assistant', 'Paris.'),
  chosen: [...message('assistant', `It is Paris, ${i}.`), ...message('assistant', 'Sure.')],
  rejected: message('assistant', 'Lyon?'),
  wrapper: 'sft',
})
/** Starting with a key that says nothing, as rows of other makers do. */
const rowWithId = (i: number) => ({id: i, ...row(i)})

const breakers: Record<string, (text: string) => string> = {
  word: () => '{"prompt": bad}',
  cut: (text) => text.slice(0, text.indexOf('Paris')),
  brace: (text) => text.slice(0, -1),
  bracket: (text) => text.replace(/](?=,\s*"reference")/, ''),
  quote: (text) => text.replace('Paris', 'Pa"ris'),
  openText: (text) => text.replace('Paris."', 'Paris.'),
  colon: (text) => text.replace('"chosen":', '"chosen" '),
  noObject: () => '<html>',
}

const indented = (text: string, by: string) => text.replaceAll('\n', `\n${by}`)
const layouts: Record<string, {space?: number; join: (rows: string[]) => string}> = {
  lines: {join: (rows) => rows.join('\n')},
  'lines with CRLF': {join: (rows) => rows.join('\r\n')},
  'lines with CR': {join: (rows) => rows.join('\r')},
  'indented lines': {join: (rows) => rows.map((text) => `  ${text}`).join('\n')},
  'lines with tabs': {join: (rows) => rows.map((text, i) => `${'\t'.repeat(i % 3)}${text}`).join('\n')},
  'one line': {join: (rows) => rows.join('')},
  'lines with commas': {join: (rows) => rows.join(',\n')},
  'pretty rows': {space: 2, join: (rows) => rows.join('\n')},
  'an indented array': {join: (rows) => `[\n  ${rows.join(',\n  ')}\n]\n`},
  'an array with commas first': {join: (rows) => `[ ${rows.join('\n, ')}\n]`},
  'an array on one line': {join: (rows) => `[${rows.join(',')}]`},
  'an array on one spaced line': {join: (rows) => `[${rows.join(', ')}]`},
  'a pretty array': {space: 2, join: (rows) => `[\n  ${rows.map((text) => indented(text, '  ')).join(',\n  ')}\n]`},
  'an array with CR': {join: (rows) => `[\r${rows.join(',\r')}\r]`},
}

async function mend(contents: string): Promise<{written: unknown[]; report: ValidationReport}> {
  const folder = await temporaryFolder()
  const [input, fix] = [join(folder, 'rows.jsonl'), join(folder, 'out.jsonl')]
  await writeFile(input, contents)
  const report = await validate({files: [input], purpose: 'finetune', limits, maxFindings: 50, signal, fix})
  const written = (await readFile(fix, 'utf8')).trimEnd().split('\n')
  return {written: written.map((line): unknown => JSON.parse(line)), report}
}

test.each(Object.entries(layouts))('all good rows around a broken one are found and written: %s', async (_, layout) => {
  await fc.assert(
    fc.asyncProperty(
      fc.nat(4),
      fc.nat(4),
      fc.constantFrom(...Object.keys(breakers)),
      fc.boolean(),
      async (before, after, how, hasId) => {
        fc.pre(before + after > 0)
        const count = before + 1 + after
        const rows = Array.from({length: count}, (__, i) => JSON.stringify((hasId ? rowWithId : row)(i), null, layout.space))
        const broken = breakers[how]?.(rows[before] ?? '') ?? ''
        const {written, report} = await mend(layout.join(rows.with(before, broken)))
        expect(written).toEqual(Array.from({length: count}, (__, i) => row(i)).toSpliced(before, 1))
        expect(report.fix).toMatchObject({written: before + after, leftOut: 1})
      },
    ),
    {numRuns: 40},
  )
})

test('an array with one broken row is told of once', async () => {
  const rows = Array.from({length: 7}, (_, i) => JSON.stringify(row(i))).with(1, '{"prompt": bad}')
  const {report} = await mend(`[\n  ${rows.join(',\n  ')}\n]\n`)
  expect(report.counts.codes).toEqual({JSON_INVALID: 1, ARRAY_FILE: 1})
})

test('lines without a row are left out by number', async () => {
  const {report} = await mend(`${JSON.stringify(row(0))}\n<html>\n<body>\n5\n${JSON.stringify(row(1))}\n`)
  expect(report.fix).toMatchObject({written: 2, changes: [{line: 2, toLine: 4, action: 'left out', codes: ['JSON_INVALID']}]})
  expect(report.files[0]?.findings[0]?.message).toContain('lines 2 to 4')
})

test('what follows an array is read, too', async () => {
  const {written, report} = await mend(`[${JSON.stringify(row(0))}]\n${JSON.stringify(row(1))}\n[${JSON.stringify(row(2))}]`)
  expect(written).toEqual([row(0), row(1), row(2)])
  expect(report.files[0]?.xtuner).toBe('stops')
})
