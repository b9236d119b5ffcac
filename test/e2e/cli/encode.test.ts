import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {parseJsonLines} from '../../fixtures/json-lines.js'
import {runPolar} from '../../fixtures/run-polar.js'
import {sharedFixtures} from '../../fixtures/shared.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

/** A line of `polar data encode`; the fixtures hold the same, and the row and the options behind it. */
interface Line {
  readonly text?: string
  readonly ids?: readonly number[]
  readonly row?: unknown
  readonly options: {readonly max_length: number; readonly max_response_length: number; readonly response_cut_side: string}
}

const lines = parseJsonLines<Line>

const row = (output: unknown) => JSON.stringify({prompt: 'What is the capital of China?', reference: 'Beijing.', output})
const textOf = (output: string) =>
  `What is the capital of China?\nBeijing.<|reward|>What is the capital of China?\n${output}[UNUSED_TOKEN_130]`

test('a row, a group and bad rows, each with its line', async () => {
  const cwd = await temporaryFolder()
  await writeFile(
    join(cwd, 'rows.jsonl'),
    [row('Rome.'), row(['Bonn.', [{role: 'assistant', content: 'Oslo.'}]]), '{"prompt":"x"}', 'no JSON'].join('\n'),
  )
  const {code, stdout, stderr} = await runPolar(['data', 'encode', 'rows.jsonl', '--model', 'polar-nano'], {cwd})
  expect(code).toBe(3)
  expect(lines(stdout)).toEqual([
    {line: 1, text: textOf('Rome.')},
    {line: 2, candidate: 0, text: textOf('Bonn.')},
    {line: 2, candidate: 1, text: textOf('Oslo.')},
    {line: 3, error: {code: 'KEY_NOT_FOUND', message: expect.stringMatching(/^rows\.jsonl:3: /)}},
    {line: 4, error: {code: 'ROW_INVALID', message: expect.stringMatching(/^rows\.jsonl:4: /)}},
  ])
  expect(stderr).toMatch(/^Error: 2 of 4 rows could not be encoded; the first: rows\.jsonl:3: /)
})

test('several files name themselves, stdin among them; other columns; cuts are told', async () => {
  const cwd = await temporaryFolder()
  await writeFile(join(cwd, 'a.jsonl'), JSON.stringify({data: {q: 'a b c d e f', r: 'g h'}, output: 'i j k l m n'}))
  const columns = ['--prompt-key', 'data.q', '--reference_key', 'data.r']
  const limits = ['--max_response_length', '4', '--truncation-side', 'left']
  const {code, stdout} = await runPolar(
    ['data', 'encode', 'a.jsonl', '-', '--model', 'polar-nano', '--tokens', ...columns, ...limits],
    {
      cwd,
      stdin: JSON.stringify({data: {q: 'a', r: 'g'}, output: 'i'}),
    },
  )
  expect(code).toBe(0)
  const [first, second] = lines(stdout)
  expect(first).toMatchObject({file: 'a.jsonl', line: 1, cut: ['output']})
  expect(first?.text).toMatch(/g h<\|reward\|>a b c d e f\n ?k l m n\[UNUSED_TOKEN_130\]$/)
  expect(first?.ids?.[0]).toBe(1)
  expect(second).toMatchObject({file: '-', line: 1, text: 'a\ng<|reward|>a\ni[UNUSED_TOKEN_130]'})
  expect(second).not.toHaveProperty('cut')
})

test('a live control token is told, and stays', async () => {
  const cwd = await temporaryFolder()
  await writeFile(join(cwd, 'rows.jsonl'), row('Rome<|rew<s>ard|>'))
  const {code, stdout, stderr} = await runPolar(['data', 'encode', 'rows.jsonl', '--model', 'polar-nano'], {cwd})
  expect(code).toBe(0)
  expect(lines(stdout)).toEqual([{line: 1, text: textOf('Rome<|reward|>')}])
  expect(stderr).toMatch(/^Warning: 1 of 1 rows hold a live control token.*rows\.jsonl:1: <\|reward\|>\n$/)
})

describe.skipIf(sharedFixtures === undefined)('against what upstream did (shared fixtures)', () => {
  test('every text that it gave with its own limits', async () => {
    const golden = lines(await readFile(join(sharedFixtures ?? '', 'fixtures/reference/encode.jsonl'), 'utf8'))
    const plain = golden.filter(
      ({options, text}) =>
        text !== undefined &&
        options.max_length === 16_384 &&
        options.max_response_length === 4096 &&
        options.response_cut_side === 'right',
    )
    expect(plain.length).toBeGreaterThan(1000)
    const cwd = await temporaryFolder()
    await writeFile(join(cwd, 'rows.jsonl'), plain.map((one) => JSON.stringify(one.row)).join('\n'))
    const {stdout} = await runPolar(['data', 'encode', 'rows.jsonl', '--model', 'polar-nano'], {cwd})
    expect(lines(stdout).map(({text}) => text)).toEqual(plain.map(({text}) => text))
  })
})
