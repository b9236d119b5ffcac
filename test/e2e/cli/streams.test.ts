import {execFileSync, spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {existsSync} from 'node:fs'
import {readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {text} from 'node:stream/consumers'
import {describe, expect, test} from 'vitest'
import {polarProgram, runPolar, startPolar} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const row = JSON.stringify({prompt: 'What is the capital of China?', reference: 'Beijing.', output: 'Shanghai.'})

describe('exit codes', () => {
  test('a missing file is bad data, a missing model a matter of the machine', async () => {
    const cwd = await temporaryFolder()
    const missing = await runPolar(['data', 'encode', 'no.jsonl', '--model', 'polar-nano'], {cwd})
    expect(missing).toMatchObject({code: 3, stdout: ''})
    expect(missing.stderr).toMatch(/^Error: no\.jsonl: no such file/)
    await writeFile(join(cwd, 'rows.jsonl'), row)
    const model = await runPolar(['data', 'encode', 'rows.jsonl', '--model', 'no-model', '--json'], {cwd})
    expect(model).toMatchObject({code: 4, stderr: ''})
    expect(JSON.parse(model.stdout).error).toMatchObject({kind: 'environment', code: 'MODEL_NOT_FOUND'})
  })

  test('POLAR_DEBUG shows the stack, and nothing else does', async () => {
    const argv = ['data', 'encode', 'no.jsonl', '--model', 'polar-nano']
    const cwd = await temporaryFolder()
    expect((await runPolar(argv, {cwd})).stderr).not.toContain('    at ')
    expect((await runPolar(argv, {cwd, env: {POLAR_DEBUG: '1'}})).stderr).toContain('    at ')
  })
})

test('a reader that leaves early (| head) ends the program quietly', async () => {
  const cwd = await temporaryFolder()
  await writeFile(join(cwd, 'rows.jsonl'), `${row}\n`.repeat(20_000))
  const child = startPolar(['data', 'encode', 'rows.jsonl', '--model', 'polar-nano'], {cwd})
  const stderr = text(child.stderr)
  await once(child.stdout, 'data')
  child.stdout.destroy()
  expect(await once(child, 'close')).toEqual([0, null])
  expect(await stderr).toBe('')
})

describe.skipIf(!existsSync('/dev/full'))('a full disk under stdout', () => {
  test.each([
    ['--help'],
    ['data encode rows.jsonl --model polar-nano'],
    ['data encode rows.jsonl --model polar-nano --json'],
    ['score rows.jsonl --model polar-nano --dtype f32'],
  ])('polar %s says so, and fails', async (line) => {
    const cwd = await temporaryFolder()
    await writeFile(join(cwd, 'rows.jsonl'), row)
    const {status, stderr} = spawnSync(`"${process.execPath}" "${polarProgram}" ${line} > /dev/full`, {
      cwd,
      shell: true,
      encoding: 'utf8',
    })
    expect(status).toBe(4)
    expect(stderr).toContain('Error: stdout could not be written: the disk is full [DISK_FULL]\nTry: ')
    expect(stderr).not.toContain('    at ')
  })

  test('polar --version fails', () => {
    const {status} = spawnSync(`"${process.execPath}" "${polarProgram}" --version > /dev/full`, {shell: true})
    expect(status).toBe(4)
  })
})

describe('signals', () => {
  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s in the middle of an await stops in good order with %i', async (signal, code) => {
    const child = startPolar(['data', 'encode', '-', '--model', 'polar-nano'])
    const stderr = text(child.stderr)
    // The row comes back while standard input stays open: from here on the program waits for more.
    child.stdin.write(`${row}\n${row}\n`.repeat(2000))
    await once(child.stdout, 'data')
    child.stdout.resume()
    child.kill(signal)
    expect(await once(child, 'close')).toEqual([code, null])
    expect(await stderr).toContain(`stopped by ${signal}`)
  })
})

describe('polar.yaml', () => {
  async function folderWith(config: string, name = 'polar.yaml'): Promise<string> {
    const cwd = await temporaryFolder()
    await writeFile(join(cwd, 'rows.jsonl'), row)
    await writeFile(join(cwd, name), config)
    return cwd
  }

  test.each([
    ['nested', 'data:\n  encode:\n    model: polar-nano\n    tokens: true\n    max_response_length: 2\n'],
    ['written out', 'data encode: {model: polar-nano, tokens: true, max-response-length: 2}\n'],
  ])('%s, gives defaults that flags outdo', async (_, config) => {
    const cwd = await folderWith(config)
    const plain = await runPolar(['data', 'encode', 'rows.jsonl'], {cwd})
    expect(plain).toMatchObject({code: 0, stderr: ''})
    expect(JSON.parse(plain.stdout)).toMatchObject({line: 1, ids: expect.arrayContaining([1]), cut: ['reference', 'output']})
    const typed = await runPolar(['data', 'encode', 'rows.jsonl', '--max_response_length=4096'], {cwd})
    expect(JSON.parse(typed.stdout)).not.toHaveProperty('cut')
  })

  test.each([
    ['data encode:\n  model: polar-nano\n  modle: x\n', 3, '; did you mean model?'],
    ['data encode:\n  max-length: none\n', 2, '--max-length: expected an integer'],
    ['data encode:\n  tokens: maybe\n', 2, '--tokens is true or false'],
    ['data encode:\n  model: [a, b]\n', 2, 'takes one value'],
    ['data encode:\n  json: true\n', 2, 'belongs on the command line'],
    ['data:\n  encod: {}\n', 2, '; did you mean encode?'],
    ['\ndata: 5\n', 2, 'keys and values'],
    ['data: [\n', 1, ''],
  ])('%j is refused with its line', async (config, line, words) => {
    const cwd = await folderWith(config, 'mine.yaml')
    const {code, stdout} = await runPolar(['data', 'encode', 'rows.jsonl', '--config', 'mine.yaml', '--json'], {cwd})
    expect(code).toBe(2)
    const {error} = JSON.parse(stdout)
    expect(error).toMatchObject({kind: 'usage', code: 'CONFIG_INVALID', facts: {file: 'mine.yaml'}})
    expect(error.message).toContain(words)
    if (words !== '') expect(error.facts.line).toBe(line)
  })

  test('a flag that is typed takes away the defaults that exclude it', async () => {
    const cwd = await folderWith('score: {model: polar-nano, sort: true, dtype: f32}\n')
    const ranked = await runPolar(['score', 'rows.jsonl'], {cwd})
    expect(ranked.code).toBe(0)
    expect(JSON.parse(ranked.stdout)).toHaveProperty('reward')
    expect(await runPolar(['score', 'rows.jsonl', '-o', 'out.jsonl'], {cwd})).toMatchObject({code: 0, stdout: ''})
    expect(await readFile(join(cwd, 'out.jsonl'), 'utf8')).toContain('"reward":')
  })

  test('a file that --config names has to be there', async () => {
    const cwd = await temporaryFolder()
    const {code, stderr} = await runPolar(['data', 'encode', 'rows.jsonl', '--config', 'mine.yaml'], {cwd})
    expect(code).toBe(2)
    expect(stderr).toContain('mine.yaml: no such file')
  })
})

test('completion works in bash', async () => {
  const cache = await temporaryFolder()
  const env = {XDG_CACHE_HOME: cache, HOME: cache, SHELL: '/bin/bash'}
  expect(await runPolar(['autocomplete', 'bash', '--refresh-cache'], {env})).toMatchObject({code: 0})
  const setup = await runPolar(['autocomplete', 'script', 'bash'], {env})
  expect(setup.stdout).toContain(join(cache, 'polar', 'autocomplete', 'bash_setup'))
  const functions = join(cache, 'polar', 'autocomplete', 'functions', 'bash', 'polar.bash')
  const complete = (...words: string[]) => {
    const script = 'source "$0"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _polar_autocomplete; echo "${COMPREPLY[@]}"'
    return execFileSync('bash', ['-c', script, functions, ...words], {encoding: 'utf8'})
      .trim()
      .split(' ')
  }
  expect(complete('polar', 'sc')).toEqual(['score'])
  expect(complete('polar', 'data', 'enc')).toEqual(['encode'])
  expect(complete('polar', 'data', 'encode', '--max').toSorted()).toEqual(['--max-length', '--max-response-length'])
})
