import {spawn} from 'node:child_process'
import {link, readFile, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {expect, test} from 'vitest'
import {ended, polarProgram, runPolar, type PolarResult} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const message = (content: string) => [{role: 'user', content}]
const row = JSON.stringify({
  prompt: message('p'),
  reference: message('r'),
  chosen: message('c'),
  rejected: message('d'),
  wrapper: 'sft',
})
const scoreRow = '{"prompt":"p","reference":"r","output":"o"}'

/** Runs the program with standard input redirected from a file. */
async function redirected(argv: readonly string[], cwd: string, file: string): Promise<PolarResult> {
  const line = ['-c', `exec "$0" "$@" < ${file}`, process.execPath, polarProgram, ...argv]
  return ended(spawn('sh', line, {cwd, stdio: 'pipe'}))
}

test.each([
  ['validate --fix', ['data', 'validate', '-', '--fix', 'b.jsonl'], row],
  ['validate --rows-out', ['data', 'validate', '-', '--tokenizer', 'polar-nano', '--rows-out', 'b.jsonl'], row],
  ['stats --html', ['data', 'stats', '-', '--html', 'b.jsonl'], row],
  ['score -o', ['score', '-', '--model', 'polar-nano', '-o', 'b.jsonl', '--overwrite'], scoreRow],
])('%s never writes over the file behind standard input', async (_, argv, contents) => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'a.jsonl'), contents)
  await link(join(folder, 'a.jsonl'), join(folder, 'b.jsonl'))
  const {code, stderr} = await redirected(argv, folder, 'a.jsonl')
  expect(stderr).toContain('b.jsonl would be written over the input behind standard input')
  expect(code).toBe(2)
  expect(await readFile(join(folder, 'b.jsonl'), 'utf8')).toBe(contents)
})

test('a file behind standard input is read where the output is another one', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'a.jsonl'), row)
  const {code} = await redirected(['data', 'validate', '-', '--fix', 'b.jsonl'], folder, 'a.jsonl')
  expect(code).toBe(0)
  expect(JSON.parse(await readFile(join(folder, 'b.jsonl'), 'utf8'))).toEqual(JSON.parse(row))
})

test.each([
  ['one name', 'x.jsonl', 'x.jsonl'],
  ['two spellings', 'x.jsonl', './x.jsonl'],
  ['a link to the folder', 'x.jsonl', 'here/x.jsonl'],
])('--fix and --rows-out into one file: %s', async (_, fix, rowsOut) => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'a.jsonl'), row)
  await symlink('.', join(folder, 'here'))
  const argv = ['data', 'validate', 'a.jsonl', '--tokenizer', 'polar-nano', '--fix', fix, '--rows-out', rowsOut]
  const {code, stderr} = await runPolar(argv, {cwd: folder})
  expect(stderr).toContain('--fix and --rows-out name one file')
  expect(code).toBe(2)
  await expect(readFile(join(folder, 'x.jsonl'))).rejects.toThrow('ENOENT')
})

test.each([
  ['validate', '-', '-'],
  ['stats', '-', '-'],
])('%s with standard input named twice', async (...argv) => {
  const {code, stderr} = await runPolar(['data', ...argv])
  expect(stderr).toContain('named more than once')
  expect(code).toBe(2)
})

test('--rows-out is for finetuning', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'a.jsonl'), scoreRow)
  const argv = ['data', 'validate', 'a.jsonl', '--for', 'score', '--tokenizer', 'polar-nano', '--rows-out', 'r.jsonl']
  const {code, stderr} = await runPolar(argv, {cwd: folder})
  expect(stderr).toContain('--rows-out needs --for finetune')
  expect(code).toBe(2)
})
