import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {validate, type ValidateOptions} from '../../../src/data/validate.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const limits = {maxLength: 16_384, maxResponseLength: 4096, maxPackedLength: 32_768}
const {signal} = new AbortController()
const message = (content: unknown) => [{role: 'user', content}]
const row = (changes: object = {}) => ({
  prompt: message('What is the capital of France?'),
  reference: message('Paris.'),
  chosen: message('It is Paris.'),
  rejected: message('I think it is Lyon.'),
  wrapper: 'sft',
  ...changes,
})
const good = JSON.stringify(row())

async function check(contents: string | Buffer, more: Partial<ValidateOptions> = {}) {
  const folder = await temporaryFolder()
  const file = join(folder, 'rows.jsonl')
  await writeFile(file, contents)
  const report = await validate({files: [file], purpose: 'finetune', limits, maxFindings: 50, signal, ...more})
  const [first] = report.files
  return {report, findings: first?.findings ?? [], file: {xtuner: first?.xtuner, rows: first?.rows, errors: first?.errors}}
}

test.each<[string, string | Buffer, string[], string]>([
  ['a good row', good, [], 'ok'],
  ['no row', '', ['0  FILE_EMPTY'], 'stops'],
  ['broken JSON', `${good}\n{"prompt":[}\n${good.replace('Lyon', 'Nice')}`, ['2  JSON_INVALID'], 'stops'],
  ['a text without an end', `{"prompt":"x\n${good}`, ['1  JSON_INVALID'], 'stops'],
  ['a cut row', `${good}\n{"prompt":[{"ro`, ['2  JSON_INVALID'], 'stops'],
  ['invalid UTF-8', Buffer.from(good.replace('Lyon', '\u00ff'), 'latin1'), ['1  NOT_UTF8'], 'stops'],
  ['a key twice', good.replace('"wrapper"', '"wrapper":"sft","wrapper"'), ['1 /wrapper DUPLICATE_KEY'], 'hangs'],
  ['half a character', `${good.replace('Lyon', '\\ud800')}\n${good}`, ['1 /rejected/0/content LONE_SURROGATE'], 'stops'],
  ['a raw tab', `${good.replace('Lyon', '\t')}\n${good}`, ['1 /rejected/0/content CONTROL_CHARACTER'], 'stops'],
  ['a comma too many', `${good.replace('"sft"', '"sft",')}\n${good.replace('Lyon', 'Nice')}`, ['1  TRAILING_COMMA'], 'stops'],
  [
    'a number that is none',
    JSON.stringify(row({id: 7})).replace('7', '07') + good.replace('Lyon', 'Nice'),
    ['1  EXTRA_KEYS', '1  ROWS_ON_ONE_LINE', '1 /id NUMBER_INVALID'],
    'stops',
  ],
  ['NaN', JSON.stringify(row({id: 7})).replace('7', 'NaN'), ['1  EXTRA_KEYS', '1 /id NAN'], 'ok'],
  ['NUL in a key', JSON.stringify(row({'a\0b': 7})), ['1  EXTRA_KEYS', '1 /a\0b NUL_IN_KEY'], 'stops'],
  [
    'deep nesting',
    JSON.stringify(row()).replace('"sft"', `"sft","x":${'['.repeat(70)}${']'.repeat(70)}`),
    ['1  EXTRA_KEYS', '1  TOO_DEEP'],
    'stops',
  ],
  ['a byte order mark', `\ufeff${good}`, ['1  BYTE_ORDER_MARK'], 'ok'],
  ['blank lines', `\n${good}\n\n`, ['0  BLANK_LINES'], 'ok'],
  ['two rows on a line', `${good}${good.replace('Lyon', 'Nice')}`, ['1  ROWS_ON_ONE_LINE'], 'ok'],
  ['a row over lines', JSON.stringify(row(), null, 2), ['1  ROW_OVER_LINES'], 'ok'],
  ['an array', `[${good}]`, ['1  ARRAY_FILE'], 'ok'],
  ['a row that is a list', `${good}\n[1]`, ['2  ROW_NOT_OBJECT'], 'stops'],
  ['null first', `null\n${good}`, ['1  ROW_NOT_OBJECT'], 'crashes'],
  ['null later', `${good}\nnull`, ['2  ROW_NOT_OBJECT'], 'hangs'],
  ['null later in an array', `[${good},null]`, ['1  ARRAY_FILE', '1  ROW_NOT_OBJECT'], 'stops'],
  ['null first in an array', `[null,${good}]`, ['1  ARRAY_FILE', '1  ROW_NOT_OBJECT'], 'hangs'],
  ...['18446744073709551615', '18446744073709551616', '[18446744073709551615]', '-9223372036854775809'].map(
    (number, i): [string, string, string[], string] => [
      `${number} in an array of one row`,
      `[${good.replace('"sft"', `"sft","x":${number}`)}]`,
      ['1  ARRAY_FILE', '1  EXTRA_KEYS'],
      i === 0 ? 'ok' : 'stops',
    ],
  ),
  ['no chosen', JSON.stringify(row({chosen: undefined})), ['1  LIST_MISSING'], 'hangs'],
  ['null for a list', JSON.stringify(row({chosen: null})), ['1 /chosen LIST_NULL'], 'hangs'],
  ['a text for a list, throughout', JSON.stringify(row({prompt: 'p'})), ['1 /prompt STRING_FOR_LIST'], 'hangs'],
  [
    'a text for a list, once',
    `${good}\n${JSON.stringify(row({prompt: 'p'}))}`,
    ['2 /prompt COLUMN_CHANGES_TYPE', '2 /prompt STRING_FOR_LIST'],
    'stops',
  ],
  ['a number for a list', JSON.stringify(row({prompt: 5})), ['1 /prompt NOT_A_LIST'], 'hangs'],
  ['a message that is null', JSON.stringify(row({prompt: [...message('x'), null]})), ['1 /prompt/1 MESSAGE_INVALID'], 'hangs'],
  ['no content', JSON.stringify(row({prompt: [{role: 'user'}]})), ['1 /prompt/0 CONTENT_MISSING'], 'hangs'],
  ['null content', JSON.stringify(row({prompt: message(null)})), ['1 /prompt/0/content CONTENT_NULL'], 'hangs'],
  [
    'content in parts',
    JSON.stringify(row({prompt: message([{type: 'text'}])})),
    ['1 /prompt/0/content CONTENT_NOT_TEXT'],
    'hangs',
  ],
  ['dates only', JSON.stringify(row({chosen: message('2024-01-01')})), ['0 /chosen DATE_COLUMN'], 'hangs'],
  ['a wrong wrapper', JSON.stringify(row({wrapper: 'Pretrain'})), ['1 /wrapper WRAPPER_UNKNOWN'], 'ok'],
  ['equal answers', JSON.stringify(row({rejected: message('It is Paris.')})), ['1 /rejected PAIR_IDENTICAL'], 'ok'],
  [
    'the reference is chosen',
    JSON.stringify(row({reference: message('It is Paris.')})),
    ['1 /reference REFERENCE_IS_CHOSEN'],
    'ok',
  ],
  ['no prompt', JSON.stringify(row({prompt: []})), ['1 /prompt EMPTY_PROMPT'], 'ok'],
  ['no answer', JSON.stringify(row({rejected: message('')})), ['1 /rejected EMPTY_ANSWER'], 'ok'],
  ['a dead token', JSON.stringify(row({rejected: message('a </s>')})), ['1 /rejected CONTROL_TOKEN'], 'ok'],
  ['a live token', JSON.stringify(row({rejected: message('<|rew<s>ard|>')})), ['1 /rejected CONTROL_TOKEN_LIVE'], 'ok'],
  ['a row twice', `${good}\n${good.replace('Lyon', 'Ly\\u006fn')}`, ['2  PAIR_DUPLICATE'], 'ok'],
  [
    'a pair and its reverse',
    `${good}\n${JSON.stringify(row({chosen: message('I think it is Lyon.'), rejected: message('It is Paris.')}))}`,
    ['2  PAIR_REVERSED'],
    'ok',
  ],
  ['another script', JSON.stringify(row({rejected: message('法国的首都是哪里？')})), ['1 /rejected OTHER_SCRIPT'], 'ok'],
])('%s', async (_, contents, expected, verdict) => {
  const {findings, file} = await check(contents)
  expect(findings.map(({line, pointer, code}) => `${line} ${pointer} ${code}`).toSorted()).toEqual(expected)
  expect(file.xtuner).toBe(verdict)
})

test('answers that are nearly always the longer', async () => {
  const rows = Array.from({length: 60}, (_, i) =>
    JSON.stringify(row({prompt: message(`Question ${i}`), chosen: message('long '.repeat(20))})),
  )
  const {findings} = await check(rows.join('\n'))
  expect(findings).toMatchObject([{line: 0, code: 'LENGTH_BIAS', message: expect.stringContaining('100 %')}])
})

test('a hundred thousand findings are counted, and a few are listed', async () => {
  const bad = '{"prompt":[],"reference":[],"chosen":[]}\n'.repeat(100_000)
  const {findings, report, file} = await check(`${bad}[1]`, {maxFindings: 10})
  expect(findings).toHaveLength(11)
  expect(findings.at(-1)).toMatchObject({line: 100_001, code: 'ROW_NOT_OBJECT'})
  expect(file).toMatchObject({rows: 100_001, errors: 100_001})
  expect(report.counts.codes).toEqual({LIST_MISSING: 100_000, ROW_NOT_OBJECT: 1})
})

test('limits that leave no room are said once', async () => {
  const {report} = await check(good, {limits: {...limits, maxLength: 8192}})
  expect(report.limits).toMatchObject([{code: 'LIMITS_LEAVE_NO_ROOM', message: expect.stringContaining('-2 tokens')}])
})

test('a mended copy says what it changed and left out, and the input stays as it was', async () => {
  const lines = [
    good,
    JSON.stringify(row({prompt: 'text', id: 1, wrapper: null})),
    JSON.stringify(row({chosen: message(null)})),
    good.replace('Lyon', '\\ud800'),
    '{"broken',
  ]
  const folder = await temporaryFolder()
  const [input, fix] = [join(folder, 'rows.jsonl'), join(folder, 'out.jsonl')]
  await writeFile(input, lines.join('\n'))
  const report = await validate({files: [input], purpose: 'finetune', limits, maxFindings: 50, signal, fix})
  expect(report.fix).toMatchObject({
    written: 3,
    mended: 2,
    leftOut: 2,
    changes: [
      {line: 2, action: 'mended', codes: ['STRING_FOR_LIST', 'EXTRA_KEYS', 'WRAPPER_ABSENT']},
      {line: 3, action: 'left out', codes: ['CONTENT_NULL']},
      {line: 4, action: 'mended', codes: ['LONE_SURROGATE']},
      {line: 5, action: 'left out', codes: ['JSON_INVALID']},
    ],
  })
  const written = (await readFile(fix, 'utf8')).trimEnd().split('\n')
  expect(written.map((line): unknown => JSON.parse(line))).toEqual([
    row(),
    row({prompt: message('text')}),
    row({rejected: message('I think it is \ufffd.')}),
  ])
  expect(await readFile(input, 'utf8')).toBe(lines.join('\n'))
})

test('a mended copy also says what it drops that breaks no rule, and what it does to the layout', async () => {
  const folder = await temporaryFolder()
  const fix = join(folder, 'out.jsonl')
  const rows = [
    row(),
    row({prompt: [{role: 'user', content: 'Why?', name: 'Ann'}]}),
    row({prompt: [{role: 7, content: 'Who?'}]}),
    row({wrapper: undefined, prompt: message('When?')}),
  ]
  const {report} = await check(`\ufeff[\n\n${rows.map((one) => JSON.stringify(one)).join(',\n')}\n]`, {fix})
  expect(report.fix).toMatchObject({
    written: 4,
    mended: 3,
    leftOut: 0,
    changes: [
      {line: 4, action: 'mended', codes: ['MESSAGE_KEYS_DROPPED']},
      {line: 5, action: 'mended', codes: ['ROLE_NOT_TEXT']},
      {line: 6, action: 'mended', codes: ['WRAPPER_ABSENT']},
      {line: 1, action: 'mended', codes: ['BYTE_ORDER_MARK']},
      {line: 0, action: 'mended', codes: ['BLANK_LINES']},
      {line: 1, action: 'mended', codes: ['ARRAY_FILE']},
    ],
  })
})

test.each([
  [100, 'stops'],
  [92_000, 'hangs'],
])('bytes that are no UTF-8 behind %i bytes of rows: xtuner %s', async (bytes, verdict) => {
  const before = `${JSON.stringify(row({prompt: message('p'.repeat(bytes))}))}\n`
  const {file} = await check(Buffer.concat([Buffer.from(before), Buffer.from(good.replace('Lyon', '\u00ff'), 'latin1')]))
  expect(file.xtuner).toBe(verdict)
})

test.each([
  ['bzip2', '425a6839', 'bunzip2'],
  ['xz', 'fd377a585a000004', 'unxz'],
  ['zip', '504b030414000000', 'unzip'],
  ['zstd', '28b52ffd0458', 'unzstd'],
])('a file packed with %s is told as that', async (name, bytes, command) => {
  await expect(check(Buffer.from(bytes, 'hex'))).rejects.toMatchObject({
    code: 'INPUT_MISSING',
    message: expect.stringContaining(`is packed with ${name}: unpack it first`),
    suggestions: [expect.stringContaining(command)],
  })
})
