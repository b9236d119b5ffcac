import type {ChildProcess} from 'node:child_process'
import {once} from 'node:events'
import {readFile, readdir, stat, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {expect, test} from 'vitest'
import {parseJsonLines} from '../../fixtures/json-lines.js'
import {runPolar, startPolar} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'
import {isFull} from '../../fixtures/tier.js'

const KILLS = isFull ? 100 : 15
const OUTPUTS = ['killed-0.jsonl', 'killed-1.jsonl', 'killed-2.jsonl']

/** Rows of many lengths, groups and one row that fails, so that the journal stays and can be counted. */
function rows(): string {
  const words = 'the reward of an answer says how well it agrees with the reference that was given'.split(' ')
  const text = (seed: number, length: number): string =>
    Array.from({length}, (_, i) => words[(seed * 7 + i * i) % words.length]).join(' ')
  const lines = Array.from({length: 900}, (_, i) => {
    const output = i % 9 === 0 ? [text(i, 20), text(i + 1, 60), ''] : text(i, (i * 37) % 150)
    return JSON.stringify({id: i, prompt: text(i % 50, 40), reference: text(i % 50, 30), output})
  })
  return [...lines, '{"prompt":"no more"}', ''].join('\n')
}

interface JournalRecord {
  w: number
  r?: Record<string, number>
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({size}) => size,
    () => 0,
  )
}

/** Waits until `path` has grown by `bytes`, or `child` is through. */
async function growth(path: string, bytes: number, child: ChildProcess): Promise<void> {
  const before = await sizeOf(path)
  while (child.exitCode === null && (await sizeOf(path)) < before + bytes) await sleep(2)
}

test(`killed ${KILLS} times at random moments, a run ends with the same bytes and computes nothing twice that was kept`, async () => {
  const folder = await temporaryFolder()
  const input = join(folder, 'rows.jsonl')
  await writeFile(input, rows())
  const argv = (output: string): string[] => [
    'score',
    input,
    '--model',
    'polar-nano',
    '--threads',
    '1',
    '-o',
    join(folder, output),
  ]

  const began = performance.now()
  expect(await runPolar(argv('whole.jsonl'))).toMatchObject({code: 3})
  const whole = performance.now() - began
  const journalSize = await sizeOf(join(folder, 'whole.jsonl.journal'))

  let seed = 12_345
  const random = (): number => (seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0) / 2 ** 32
  const through = new Set<string>() // outputs whose run ended before it was killed: the next one begins anew
  let kills = 0
  for (let runs = 0; kills < KILLS && runs < 20 * KILLS; runs++) {
    const output = OUTPUTS[runs % OUTPUTS.length] ?? '' // each is killed again and again
    const isAnew = through.delete(output) || runs % 7 === 6
    const child = startPolar([...argv(output), ...(isAnew ? ['--overwrite'] : [])])
    child.stdout.resume()
    child.stderr.resume()
    const end = once(child, 'close')
    // By the clock a kill also meets the start, and the writing of the output; by the journal, the middle on any machine.
    if (runs % 3 === 0) await Promise.race([sleep(random() * whole * 1.1), end])
    else await growth(join(folder, `${output}.journal`), 1 + random() * 0.4 * journalSize, child)
    child.kill('SIGKILL')
    const [, signal] = await end
    if (signal === 'SIGKILL') kills++
    else through.add(output)
  }
  expect(kills).toBe(KILLS)

  const expected = await readFile(join(folder, 'whole.jsonl'))
  for (const output of OUTPUTS) {
    expect(await runPolar(argv(output))).toMatchObject({code: 3})
    expect((await readFile(join(folder, output))).equals(expected)).toBe(true)
    const [, ...records] = parseJsonLines<JournalRecord>(await readFile(join(folder, `${output}.journal`), 'utf8'))
    const keys = records.flatMap(({w, r}) => Object.keys(r ?? {}).map((key) => `${w}/${key}`))
    expect(keys.length).toBe(800 + 100 * 3)
    expect(new Set(keys).size).toBe(keys.length)
  }
  const left = (await readdir(folder)).filter((name) => /\.(lock|tmp)/.test(name))
  expect(left).toEqual([])
})
