import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {runPolar, startPolar} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const message = (content: string) => [{role: 'user', content}]
const row = (i: number) =>
  JSON.stringify({
    prompt: message(`question ${i}`),
    reference: message('r'),
    chosen: message(`c${i}`),
    rejected: message(`d${i}`),
    wrapper: 'sft',
  })
const rows = [1, 2, 3].map(row).join('\n')

/** A sentence, no stack trace, and never more than a screen. */
function expectPlainWords(stderr: string): void {
  expect(stderr).not.toMatch(/\n\s+at |node:internal|\[object|undefined/)
  expect(stderr.length).toBeLessThan(3000)
}

test('a good file is told to be good', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'train.jsonl'), rows)
  const {code, stdout, stderr} = await runPolar(['data', 'validate', 'train.jsonl'], {cwd: folder})
  expect(stdout).toBe('train.jsonl: 3 rows, 0 errors, 0 warnings, xtuner 0.2.0 takes it as it is\n')
  expect(stderr).toBe('')
  expect(code).toBe(0)
})

test('--json has the shape that scripts rely on, also beside the error', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'train.jsonl'), `${rows}\n${row(4).replace('"c4"', 'null')}`)
  const {code, stdout} = await runPolar(['data', 'validate', 'train.jsonl', '--json'], {cwd: folder})
  expect(JSON.parse(stdout)).toMatchObject({
    error: {kind: 'data', code: 'ROW_INVALID'},
    files: [
      {
        file: 'train.jsonl',
        rows: 4,
        xtuner: 'hangs',
        findings: [
          {
            line: 4,
            pointer: '/chosen/0/content',
            code: 'CONTENT_NULL',
            severity: 'error',
            message: expect.any(String),
            fix: expect.any(String),
          },
        ],
      },
    ],
    counts: {rows: 4, errors: 1, warnings: 0, codes: {CONTENT_NULL: 1}},
  })
  expect(code).toBe(3)
})

describe('bad input', () => {
  test.each<[string, string[], number, RegExp]>([
    ['a missing file', ['missing.jsonl'], 3, /missing\.jsonl: no such file/],
    ['a folder', ['.'], 3, /\.: a folder, not a file/],
    ['an empty file', ['empty.jsonl'], 3, /FILE_EMPTY/],
    ['damaged gzip', ['cut.gz'], 3, /GZIP_DAMAGED/],
    ['UTF-16', ['utf16.jsonl'], 3, /JSON_INVALID|NOT_UTF8/],
    ['no file', [], 2, /name a file/],
    ['an unknown flag', ['rows.jsonl', '--fixx', 'a'], 2, /--fix/],
    ['--fix onto the input', ['rows.jsonl', '--fix', './rows.jsonl'], 2, /over the input/],
    ['--fix of another kind', ['rows.jsonl', '--fix', 'out.csv'], 2, /\.jsonl or \.parquet/],
    ['--fix into no folder', ['rows.jsonl', '--fix', 'no/out.jsonl'], 4, /no\/out\.jsonl/],
    ['--fix of nothing', ['bad.jsonl', '--fix', 'out.jsonl'], 3, /no row is left/],
    ['--rows-out without a tokenizer', ['rows.jsonl', '--rows-out', 'r.jsonl'], 2, /tokenizer/],
    ['an unknown tokenizer', ['rows.jsonl', '--tokenizer', 'no/such'], 4, /no directory no\/such/],
    ['nesting of 10,000', ['deep.jsonl'], 0, /TOO_DEEP/],
    ['numbers beyond double', ['number.jsonl'], 3, /NUMBER_INVALID/],
  ])('%s', async (_, argv, exit, words) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'rows.jsonl'), rows)
    await writeFile(join(folder, 'empty.jsonl'), '')
    await writeFile(join(folder, 'cut.gz'), gzipSync(rows.repeat(1000)).subarray(0, 90))
    await writeFile(join(folder, 'utf16.jsonl'), Buffer.from(`\ufeff${rows}`, 'utf16le'))
    await writeFile(join(folder, 'bad.jsonl'), '{}\n')
    await writeFile(join(folder, 'deep.jsonl'), row(1).replace('"sft"', `"sft","x":${'['.repeat(10_000)}${']'.repeat(10_000)}`))
    await writeFile(join(folder, 'number.jsonl'), row(1).replace('"sft"', '"sft","x":1e999'))
    const {code, stdout, stderr} = await runPolar(['data', 'validate', ...argv], {cwd: folder})
    expect(stdout + stderr).toMatch(words)
    expectPlainWords(stderr)
    expect(code).toBe(exit)
    expect(await readFile(join(folder, 'rows.jsonl'), 'utf8')).toBe(rows)
    await expect(readFile(join(folder, 'out.jsonl'))).rejects.toThrow('ENOENT')
  })
})

test('gzip, standard input, a JSON array and several files', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'packed.gz'), gzipSync(rows))
  await writeFile(join(folder, 'array.json'), `[${[5, 6].map(row).join(',')}]`)
  const {code, stdout} = await runPolar(['data', 'validate', 'packed.gz', '-', 'array.json', '--json'], {
    cwd: folder,
    stdin: row(9),
  })
  const {files, counts} = JSON.parse(stdout)
  expect(files.map(({rows: n, xtuner}: {rows: number; xtuner: string}) => [n, xtuner])).toEqual([
    [3, 'ok'],
    [1, 'ok'],
    [2, 'ok'],
  ])
  expect(counts).toMatchObject({files: 3, rows: 6, errors: 0})
  expect(code).toBe(0)
})

test('a row of 40 MB', async () => {
  const folder = await temporaryFolder()
  await writeFile(
    join(folder, 'long.jsonl'),
    `${row(1)}\n${row(2).replace('"c2"', `"${'long '.repeat(8_000_000)}"`)}\n${row(3)}\n`,
  )
  const {code, stdout} = await runPolar(['data', 'validate', 'long.jsonl'], {cwd: folder})
  expect(stdout).toContain('long.jsonl: 3 rows, 0 errors')
  expect(code).toBe(0)
})

test('--fix to Parquet and to JSONL, token counts of each row, and the rows to score', async () => {
  const folder = await temporaryFolder()
  await mkdir(join(folder, 'out'))
  await writeFile(join(folder, 'train.jsonl'), `${rows}\n{}`)
  const parquet = await runPolar(['data', 'validate', 'train.jsonl', '--fix', 'out/train.parquet'], {cwd: folder})
  expect(parquet.stdout).toMatch(
    /out\/train\.parquet: 3 rows written, 0 of them mended, 1 left out\n {2}train\.jsonl:4 left out: LIST_MISSING/,
  )
  expect(parquet.code).toBe(3)
  const bytes = await readFile(join(folder, 'out/train.parquet'))
  expect([bytes.toString('latin1', 0, 4), bytes.toString('latin1', bytes.length - 4)]).toEqual(['PAR1', 'PAR1'])
  await runPolar(['data', 'validate', 'train.jsonl', '--fix', 'out/train.jsonl'], {cwd: folder})
  expect(await readFile(join(folder, 'out/train.jsonl'), 'utf8')).toBe(`${rows}\n`)

  const argv = [
    'data',
    'validate',
    'out/train.jsonl',
    '--tokenizer',
    'polar-nano',
    '--rows-out',
    'out/rows.jsonl',
    '--max-packed-length',
    '27',
  ]
  const counted = await runPolar(argv, {cwd: folder})
  expect(counted.code).toBe(3)
  expect(counted.stdout).toContain('ALL_DROPPED')
  const lines = (await readFile(join(folder, 'out/rows.jsonl'), 'utf8')).trimEnd().split('\n')
  expect(lines.map((line): unknown => JSON.parse(line))).toMatchObject(
    [1, 2, 3].map((n) => ({row: n, prompt: 4, prompt_cut: 0, dropped: true})),
  )

  await writeFile(join(folder, 'score.jsonl'), '{"prompt":"p","reference":"r","output":"o"}\n{"prompt":"p","output":"o"}\n')
  const score = await runPolar(['data', 'validate', 'score.jsonl', '--for', 'score'], {cwd: folder})
  expect(score.stdout).toMatch(/score\.jsonl:2 {2}error KEY_NOT_FOUND/)
  expect(score.code).toBe(3)
})

test('statistics as text, JSON and one page', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'train.jsonl'), rows)
  const text = await runPolar(['data', 'stats', 'train.jsonl', '--tokenizer', 'polar-nano', '--html', 'stats.html'], {
    cwd: folder,
  })
  expect(text.stdout).toMatch(/3 rows, 3 with four texts[\s\S]*chosenSequence[\s\S]*█/)
  expect(text.code).toBe(0)
  const page = await readFile(join(folder, 'stats.html'), 'utf8')
  expect(page).toContain('uPlot')
  expect(page).not.toMatch(/\{\{|<script[^>]+src=|<link/)
  const json = await runPolar(['data', 'stats', 'train.jsonl', '--json'], {cwd: folder})
  expect(JSON.parse(json.stdout)).toMatchObject({
    rows: 3,
    usable: 3,
    roles: {prompt: {user: 3}},
    labels: {sameLength: 3, identical: 0},
  })
  const same = await runPolar(['data', 'stats', 'train.jsonl', '--html', 'train.jsonl'], {cwd: folder})
  expect(same.code).toBe(2)
})

test('Ctrl-C ends a long check in good order', async () => {
  const folder = await temporaryFolder()
  const child = startPolar(['data', 'validate', '-', '--fix', 'out.jsonl'], {cwd: folder})
  const ended = new Promise((resolve) => child.on('close', resolve))
  let isOver = false
  void ended.then(() => (isOver = true))
  child.stdin.on('error', () => {})
  const batch = Array.from({length: 5000}, (_, i) => row(i)).join('\n')
  const feed = (): void => void (isOver || child.stdin.write(`${batch}\n`, () => setTimeout(feed, 1)))
  feed()
  await new Promise((resolve) => setTimeout(resolve, 1500))
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  await expect(readFile(join(folder, 'out.jsonl'))).rejects.toThrow('ENOENT')
})
