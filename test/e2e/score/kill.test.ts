import {readFile, readdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {setTimeout as sleep} from 'node:timers/promises'
import {expect, test} from 'vitest'
import {runPolar, startPolar} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const KILLS = process.env['POLAR_TEST_FULL'] === '1' ? 100 : 15

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

interface BatchRecord {
  w: number
  r?: Record<string, number>
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

  let kills = 0
  let seed = 12_345
  for (let runs = 0; kills < KILLS && runs < 4 * KILLS; runs++) {
    const output = `killed-${kills % 3}.jsonl` // a few outputs in turn, each killed again and again
    const child = startPolar([...argv(output), ...(runs % 7 === 6 ? ['--overwrite'] : [])])
    child.stdout.resume()
    child.stderr.resume()
    const ended = new Promise<NodeJS.Signals | null>((resolve) => child.on('close', (_, signal) => resolve(signal)))
    seed = (Math.imul(seed, 1_103_515_245) + 12_345) >>> 0
    const wait = sleep((seed / 2 ** 32) * whole * 1.1)
    await Promise.race([wait, ended])
    child.kill('SIGKILL')
    if ((await ended) === 'SIGKILL') kills++
  }
  expect(kills).toBe(KILLS)

  const expected = await readFile(join(folder, 'whole.jsonl'))
  for (const output of ['killed-0.jsonl', 'killed-1.jsonl', 'killed-2.jsonl']) {
    expect(await runPolar(argv(output))).toMatchObject({code: 3})
    expect((await readFile(join(folder, output))).equals(expected)).toBe(true)
    const records = (await readFile(join(folder, `${output}.journal`), 'utf8')).trimEnd().split('\n').slice(1)
    const keys = records.flatMap((line) => {
      const {w, r}: BatchRecord = JSON.parse(line)
      return Object.keys(r ?? {}).map((key) => `${w}/${key}`)
    })
    expect(keys.length).toBe(800 + 100 * 3)
    expect(new Set(keys).size).toBe(keys.length)
  }
  const left = (await readdir(folder)).filter((name) => /\.(lock|tmp)/.test(name))
  expect(left).toEqual([])
})
