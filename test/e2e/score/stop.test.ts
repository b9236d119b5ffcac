import {spawnSync} from 'node:child_process'
import {once} from 'node:events'
import {readFile, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {ended, runPolar, startPolar} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'
import {mustBeThere} from '../../fixtures/tier.js'

async function manyRows(folder: string): Promise<string> {
  const lines = Array.from({length: 4000}, (_, i) =>
    JSON.stringify({prompt: `p ${i}`, reference: 'r '.repeat(40), output: 'o '.repeat(i % 90)}),
  )
  await writeFile(join(folder, 'rows.jsonl'), lines.join('\n'))
  return 'rows.jsonl'
}

describe.each(['SIGINT', 'SIGTERM'] as const)('%s', (signal) => {
  test('ends a run in good order, and the same command goes on', async () => {
    const folder = await temporaryFolder()
    const argv = ['score', await manyRows(folder), '--model', 'polar-nano', '-o', 'out.jsonl']
    const child = startPolar(argv, {cwd: folder})
    const end = ended(child)
    await expect
      .poll(async () => (await readFile(join(folder, 'out.jsonl.journal'), 'utf8').catch(() => '')).split('\n').length, {
        timeout: 60_000,
      })
      .toBeGreaterThan(3)
    child.kill(signal)
    const {code, stderr} = await end
    expect(code).toBe(signal === 'SIGINT' ? 130 : 143)
    expect(stderr).toMatch(/stopped with \d+ rewards computed, all kept in out\.jsonl\.journal/)
    expect(stderr).toMatch(/^Try: polar score rows\.jsonl .*-o out\.jsonl$/m)
    expect(await readdir(folder)).not.toContain('out.jsonl')
    expect(await readdir(folder)).not.toContain('out.jsonl.lock')

    const {code: second, stdout} = await runPolar([...argv, '--json'], {cwd: folder})
    expect(second).toBe(0)
    const summary: {rows: number; reused: number} = JSON.parse(stdout)
    expect(summary).toMatchObject({rows: 4000, scored: 4000})
    expect(summary.reused).toBeGreaterThan(0)
  })
})

test('a second Ctrl-C does not wait for the work in hand', async () => {
  const folder = await temporaryFolder()
  const rows = Array.from({length: 8}, (_, i) =>
    JSON.stringify({prompt: 'p', reference: 'r', output: `word${i} `.repeat(16_000)}),
  )
  await writeFile(join(folder, 'rows.jsonl'), rows.join('\n'))
  const limits = ['--max-length', '40000', '--max-response-length', '16000', '--threads', '1']
  const child = startPolar(['score', 'rows.jsonl', '--model', 'polar-nano', '-o', 'out.jsonl', ...limits], {cwd: folder})
  child.stdout.resume()
  const end = once(child, 'close')
  let stderr = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (!stderr.includes('stopping') && (stderr += text).includes('stopping')) child.kill('SIGINT')
  })
  await expect.poll(() => readdir(folder), {timeout: 60_000}).toContain('out.jsonl.journal')
  child.kill('SIGINT')
  expect(await end).toEqual([null, 'SIGINT'])
})

test('a full disk stops a run with what is done, and it goes on when there is room', async ({skip}) => {
  const folder = await temporaryFolder()
  await manyRows(folder)
  const disk = join(folder, 'disk')
  spawnSync('mkdir', [disk])
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', disk])
  skip(mounted.status !== 0 && !mustBeThere, 'no tmpfs can be mounted here')
  expect(mounted.status, 'a tmpfs has to be mounted').toBe(0)
  try {
    const argv = ['score', 'rows.jsonl', '--model', 'polar-nano', '-o', 'disk/out.jsonl']
    const {code, stderr} = await runPolar(argv, {cwd: folder})
    expect(stderr).toMatch(/disk is full/)
    expect(code).toBe(4)
    expect((await readdir(disk)).sort()).toEqual(['out.jsonl.journal'])
    spawnSync('mount', ['-o', 'remount,size=16m', disk])
    const second = await runPolar([...argv, '--json'], {cwd: folder})
    expect(second.code).toBe(0)
    expect(JSON.parse(second.stdout)).toMatchObject({rows: 4000, scored: 4000, failed: 0})
    expect((await readFile(join(disk, 'out.jsonl'), 'utf8')).trimEnd().split('\n')).toHaveLength(4000)
  } finally {
    spawnSync('umount', [disk])
  }
})

test('two runs on one output: the second is refused and names the first', async () => {
  const folder = await temporaryFolder()
  const run = ['--model', 'polar-nano', '-o', 'out.jsonl']
  const argv = ['score', await manyRows(folder), ...run]
  // Standard input stays open, so the first run goes on for as long as it is needed.
  const first = startPolar(['score', '-', ...run], {cwd: folder})
  const firstEnd = ended(first)
  await expect.poll(() => readdir(folder), {timeout: 60_000}).toContain('out.jsonl.lock')
  const second = await runPolar(argv, {cwd: folder})
  expect(second.stderr).toMatch(new RegExp(`out\\.jsonl is in use by process ${first.pid} `))
  expect(second.code).toBe(4)
  first.kill('SIGKILL')
  expect(await firstEnd).toMatchObject({signal: 'SIGKILL'})
  expect((await runPolar(argv, {cwd: folder})).code).toBe(0)
})
