import {once} from 'node:events'
import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {gzipSync} from 'node:zlib'
import {describe, expect, test} from 'vitest'
import {parseJsonLines} from '../../fixtures/json-lines.js'
import {runPolar, startPolar} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const good = '{"prompt":"p","reference":"r","output":"o"}'
const model = ['--model', 'polar-nano']

/** A sentence, no stack trace, and never more than a screen. */
function expectPlainWords(stderr: string): void {
  expect(stderr).not.toMatch(/\n\s+at |node:internal|\[object|undefined/)
  expect(stderr.length).toBeLessThan(3000)
}

describe('a bad row is named, the others are scored', () => {
  test.each<[string, string | Buffer, RegExp]>([
    ['truncated JSON', `${good}\n{"prompt":"p","refer`, /rows\.jsonl:2: not valid JSON/],
    ['an array', `${good}\n[1,2]\n`, /rows\.jsonl:2: the row is a list/],
    ['a number', `${good}\n\n17\n`, /rows\.jsonl:3: the row is a number/],
    ['a missing key', `${good}\n{"prompt":"p","output":"o"}\n`, /rows\.jsonl:2: no key "reference"; the row has prompt, output/],
    ['null', `${good}\n{"prompt":"p","reference":null,"output":"o"}\n`, /rows\.jsonl:2 \/reference: null/],
    [
      'a message without content',
      `${good}\n{"prompt":[{"role":"user"}],"reference":"r","output":"o"}`,
      /\/prompt\/0: a message without "content"/,
    ],
    ['a lone surrogate', `${good}\n{"prompt":"\\ud800","reference":"r","output":"o"}`, /:2 \/prompt: half of a surrogate pair/],
    [
      'invalid UTF-8',
      Buffer.concat([Buffer.from(`${good}\n{"prompt":"`), Buffer.from([0xff]), Buffer.from('"}\n')]),
      /:2: invalid UTF-8 at byte 11/,
    ],
    ['a NUL byte', `${good}\n{"prompt":"\0"}\n`, /:2: a NUL byte/],
    [
      'a control token that comes alive',
      `${good}\n{"prompt":"<|rew<s>ard|>","reference":"r","output":"o"}`,
      /:2: .*<\|reward\|>/,
    ],
    ['a reward that is there already', `${good}\n${good.slice(0, -1)},"reward":1}`, /:2: the row has a key "reward" already/],
    [
      'one bad candidate',
      `${good}\n{"prompt":"p","reference":"r","output":["a",null]}`,
      /:2 \/output\/1: null among the candidates/,
    ],
  ])('%s', async (_, contents, message) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'rows.jsonl'), contents)
    const {code, stderr} = await runPolar(['score', 'rows.jsonl', ...model, '-o', 'out.jsonl'], {cwd: folder})
    expect(stderr).toMatch(message)
    expectPlainWords(stderr)
    expect(code).toBe(3)
    expect((await readFile(join(folder, 'out.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(1)
    expect((await readFile(join(folder, 'out.jsonl.errors.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(1)
  })
})

test.each<[string, string | Buffer]>([
  ['no final newline', `${good}\n${good}`],
  ['blank lines', `\n${good}\n\n \n${good}\n\n`],
  ['a byte order mark', `\ufeff${good}\n${good}\n`],
  ['CRLF', `${good}\r\n${good}\r\n`],
  ['gzip', gzipSync(`${good}\n${good}\n`)],
  ['empty lists of messages', '{"prompt":[],"reference":[],"output":[]}\n{"prompt":"","reference":"","output":""}'],
])('%s is no fault', async (_, contents) => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'rows.jsonl'), contents)
  const {code, stdout} = await runPolar(['score', 'rows.jsonl', ...model], {cwd: folder})
  const rewards = parseJsonLines<{reward: number}>(stdout).map(({reward}) => reward)
  expect(code).toBe(0)
  expect(rewards).toHaveLength(2)
  expect(rewards[0]).toBe(rewards[1])
})

describe('what stops a run before it begins', () => {
  test.each<[string, string[], number, RegExp]>([
    ['a missing file', ['missing.jsonl', ...model], 3, /missing\.jsonl: no such file/],
    ['a folder', ['.', ...model], 3, /\.: a folder, not a file/],
    ['an empty file', ['empty.jsonl', ...model], 3, /empty\.jsonl: the file is empty/],
    ['an unknown flag', ['rows.jsonl', '--modle', 'polar-nano'], 2, /polar score has no flag --modle; did you mean --model\?/],
    ['no model', ['rows.jsonl'], 2, /polar score needs --model\b/],
    ['an unknown model', ['rows.jsonl', '--model', 'no/such'], 4, /no directory no\/such/],
    ['a model without a tokenizer', ['rows.jsonl', '--model', 'bare'], 4, /bare.*tokenizer/],
    ['the input as output', ['rows.jsonl', ...model, '-o', './rows.jsonl'], 2, /over the input/],
    ['an output in no folder', ['rows.jsonl', ...model, '-o', 'no/out.jsonl'], 4, /no\/out\.jsonl/],
    ['--json without a file', ['rows.jsonl', ...model, '--json'], 2, /-o FILE/],
    [
      '--sort with a file',
      ['rows.jsonl', ...model, '--sort', '-o', 'out.jsonl'],
      2,
      /--output=out\.jsonl cannot also be provided when using --sort\b/,
    ],
  ])('%s', async (_, argv, exit, message) => {
    const folder = await temporaryFolder()
    await writeFile(join(folder, 'rows.jsonl'), good)
    await writeFile(join(folder, 'empty.jsonl'), '')
    await mkdir(join(folder, 'bare'))
    await writeFile(join(folder, 'bare', 'config.json'), '{}')
    const {code, stdout, stderr} = await runPolar(['score', ...argv], {cwd: folder})
    expect(stdout + stderr).toMatch(message)
    expectPlainWords(stderr)
    expect(code).toBe(exit)
    expect(await readFile(join(folder, 'rows.jsonl'), 'utf8')).toBe(good)
  })
})

test('a row of 10 MB and a row of more than 16,000 tokens are cut, and said to be', async () => {
  const folder = await temporaryFolder()
  const long = 'word '.repeat(20_000)
  const huge = 'x'.repeat(10_000_000)
  const lines = [
    {prompt: 'p', reference: 'r', output: long},
    {prompt: 'p', reference: 'r', output: huge},
  ]
  await writeFile(join(folder, 'rows.jsonl'), lines.map((line) => JSON.stringify(line)).join('\n'))
  const {code, stdout, stderr} = await runPolar(['score', 'rows.jsonl', ...model, '-o', 'out.jsonl', '--json'], {cwd: folder})
  expect(JSON.parse(stdout)).toMatchObject({rows: 2, scored: 2, cut: 2})
  expect(stderr).toMatch(/2 of 2 rows \(100\.0 %\) were cut .* the longest is rows\.jsonl:2/)
  expect(code).toBe(0)
})

test('rows of standard input', async () => {
  const {code, stdout} = await runPolar(['score', '-', ...model], {stdin: `${good}\n`})
  expect(JSON.parse(stdout)).toMatchObject({output: 'o', reward: expect.any(Number)})
  expect(code).toBe(0)
})

test('a reader that leaves early ends the program quietly', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'rows.jsonl'), `${good}\n`.repeat(3000))
  const child = startPolar(['score', 'rows.jsonl', ...model], {cwd: folder})
  const stderr = text(child.stderr)
  await once(child.stdout, 'data')
  child.stdout.destroy()
  expect(await once(child, 'close')).toEqual([0, null])
  expect(await stderr).not.toMatch(/EPIPE|Error/)
})
