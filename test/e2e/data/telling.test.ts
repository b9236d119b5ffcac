import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {fileURLToPath} from 'node:url'
import {gzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {runPolar} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const scoreRow = '{"prompt":"p","reference":"r","output":"o"}\n'

test('the example of the README has the two mistakes it is said to have', async () => {
  const example = fileURLToPath(new URL('../../../examples/preference.jsonl', import.meta.url))
  const {code, stdout} = await runPolar(['data', 'validate', example, '--tokenizer', 'polar-nano', '--json'])
  expect(JSON.parse(stdout)).toMatchObject({counts: {rows: 6, codes: {CONTENT_NULL: 1, PAIR_REVERSED: 1}}})
  expect(code).toBe(3)
})

test('what was found is told, too, where nothing is left for --fix', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'bad.jsonl'), '{}\n')
  const {code, stdout, stderr} = await runPolar(['data', 'validate', 'bad.jsonl', '--fix', 'out.jsonl'], {cwd: folder})
  expect(stdout).toContain('bad.jsonl:1  error LIST_MISSING')
  expect(stderr).toMatch(/no row is left to write to out\.jsonl: 1 was left out.*\nTry: mend/)
  expect(code).toBe(3)
})

test('neither keys nor file names steer a terminal', async () => {
  const folder = await temporaryFolder()
  const name = 'a\u001b[31m.jsonl'
  await writeFile(join(folder, name), '{"prompt":[],"reference":[],"chosen":[],"rejected":[],"\\u001b[2J":NaN}\n')
  for (const command of ['validate', 'stats']) {
    const {stdout, stderr} = await runPolar(['data', command, name], {cwd: folder})
    expect(stdout + stderr).not.toContain('\u001b')
  }
  const {stdout} = await runPolar(['data', 'validate', name], {cwd: folder})
  expect(stdout).toMatch(/a \[31m\.jsonl:1 \/ \[2J {2}warning NAN/)
})

test('damaged gzip is told as that alone', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'cut.gz'), gzipSync(scoreRow.repeat(1000)).subarray(0, 60))
  const {stdout} = await runPolar(['data', 'validate', 'cut.gz'], {cwd: folder})
  expect(stdout).toContain('(the gzip data is damaged or cut short)')
  expect(stdout).not.toContain('empty')
})

test('--for score: a bad file is a finding and the others are checked all the same; each place is told once', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'cut.gz'), gzipSync(scoreRow.repeat(1000)).subarray(0, 60))
  await writeFile(join(folder, 'empty.jsonl'), '')
  await writeFile(join(folder, 'wide.jsonl'), Buffer.from(`\ufeff${scoreRow}`, 'utf16le'))
  await writeFile(join(folder, 'rows.jsonl'), `${scoreRow}{"prompt":"p","reference":"r","output":3}\n`)
  const argv = ['data', 'validate', 'cut.gz', 'empty.jsonl', '/dev/null', 'wide.jsonl', 'rows.jsonl', '--for', 'score']
  const {code, stdout} = await runPolar(argv, {cwd: folder})
  expect(stdout).toMatch(/cut\.gz {2}error GZIP_DAMAGED/)
  expect(stdout).toMatch(/empty\.jsonl {2}error FILE_EMPTY/)
  expect(stdout).toMatch(/\/dev\/null {2}error FILE_EMPTY/)
  expect(stdout).toMatch(/wide\.jsonl {2}error ROW_INVALID: the file is UTF-16/)
  expect(stdout).toMatch(/rows\.jsonl:2 \/output {2}error ROW_INVALID: a number where/)
  expect(code).toBe(3)
  const missing = await runPolar(['data', 'validate', 'gone.jsonl', '--for', 'score'], {cwd: folder})
  expect(missing.stderr).toContain('gone.jsonl: no such file')
})

test('an unknown tokenizer is told by its own flag', async () => {
  const {stderr, code} = await runPolar(['data', 'stats', '-', '--tokenizer', 'no/such'])
  expect(stderr).toContain('--tokenizer DIRECTORY')
  expect(stderr).not.toContain('--model')
  expect(code).toBe(4)
})
