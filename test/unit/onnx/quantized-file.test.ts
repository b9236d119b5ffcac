import {appendFile, mkdir, readdir, readFile, rm, stat, truncate, writeFile} from 'node:fs/promises'
import {dirname, join} from 'node:path'
import {setTimeout as wait} from 'node:timers/promises'
import {describe, expect, test} from 'vitest'
import {openCheckpoint} from '../../../src/reward-models/onnx/checkpoint.js'
import {q8Scheme} from '../../../src/reward-models/onnx/q8-scheme.js'
import {quantizedWeights, type QuantizedOptions} from '../../../src/reward-models/onnx/quantized-weights.js'
import {writeSmallCheckpoint} from '../../fixtures/small-checkpoint.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const scheme = q8Scheme('x64', new Set())

/** A small checkpoint, a home beside it, and how to ask for the quantised net. */
async function prepare() {
  const folder = await temporaryFolder()
  const checkpoint = await openCheckpoint(await writeSmallCheckpoint(join(folder, 'model')))
  const home = join(folder, 'home')
  const path = join(home, 'quantized', 'abc-u8.bin')
  const make = async (options: Partial<QuantizedOptions> = {}) =>
    quantizedWeights(checkpoint, {digest: 'abc', home, scheme, ...options})
  return {folder, home, path, make}
}

/** Shares of progress that a call reports: none where nothing had to be made. */
async function work(make: (options: Partial<QuantizedOptions>) => Promise<unknown>): Promise<number[]> {
  const shares: number[] = []
  await make({onProgress: (share) => shares.push(share)})
  return shares
}

test('the file is made once, and used from then on', async () => {
  const {home, path, make} = await prepare()
  const shares = await work(make)
  expect(shares).toHaveLength(10)
  expect(shares).toEqual(shares.toSorted((a, b) => a - b))
  expect(shares.at(-1)).toBe(1)
  const {ino} = await stat(path)
  expect(await work(make)).toEqual([])
  expect((await stat(path)).ino).toBe(ino)
  expect(await readdir(join(home, 'quantized'))).toEqual(['abc-u8.bin'])
})

test.each<[string, (path: string, whole: Buffer) => Promise<void>]>([
  ['one bit in the middle is another', (path, whole) => writeFile(path, whole.with(20_000, (whole[20_000] ?? 0) ^ 1))],
  [
    'one bit of the last byte is another',
    (path, whole) => writeFile(path, whole.with(whole.length - 1, (whole.at(-1) ?? 0) ^ 1)),
  ],
  ['it was cut', (path, whole) => truncate(path, whole.length - 1)],
  ['it is longer', (path, whole) => writeFile(path, Buffer.concat([whole, Buffer.alloc(1)]))],
  ['it is empty', (path) => writeFile(path, '')],
  [
    'it was made from other weights',
    (path, whole) => writeFile(path, whole.toString('latin1').replace('"abc"', '"abd"'), 'latin1'),
  ],
  [
    'it was made by another version',
    (path, whole) => writeFile(path, whole.toString('latin1').replace('q8 1', 'q8 0'), 'latin1'),
  ],
])('where %s, it is made again', async (_, damage) => {
  const {path, make} = await prepare()
  await make()
  const whole = await readFile(path)
  await damage(path, whole)
  expect(await work(make)).not.toEqual([])
  expect(whole.equals(await readFile(path))).toBe(true)
})

test('a stop leaves nothing under the final name, and what it left behind is no hindrance', async () => {
  const {home, path, make} = await prepare()
  const stop = new AbortController()
  const stopped = make({signal: stop.signal, onProgress: () => stop.abort(new Error('enough'))})
  await expect(stopped).rejects.toThrow('enough')
  expect(await readdir(join(home, 'quantized'))).toEqual([])
  await writeFile(`${path}.12345.0123abcd.tmp`, 'half of it') // as kill -9 leaves it
  await make()
  expect(await work(make)).toEqual([])
  expect(await readdir(join(home, 'quantized'))).toEqual(['abc-u8.bin'])
})

test('of two that start together one makes it', async () => {
  const {make} = await prepare()
  const both = await Promise.all([work(make), work(make)])
  expect(both.filter((shares) => shares.length > 0)).toHaveLength(1)
})

describe('a lock of another machine, whose processes nobody can ask', () => {
  const holder = JSON.stringify({pid: 77, host: 'elsewhere', started: '1'})

  async function locked() {
    const prepared = await prepare()
    await mkdir(join(prepared.home, 'quantized'), {recursive: true})
    await writeFile(`${prepared.path}.lock`, holder)
    const said: string[] = []
    return {...prepared, said, onWaiting: (message: string) => said.push(message)}
  }
  const sentence = (path: string) =>
    `waiting for the 8-bit weights: the quantised model is in use by process 77 on elsewhere; if that process is surely gone: rm ${path}.lock`

  test('is told once, and given up where nothing moves', async () => {
    const {path, make, said, onWaiting} = await locked()
    await expect(make({onWaiting, patience: 60})).rejects.toMatchObject({
      code: 'LOCKED',
      message: 'the quantised model is in use by process 77 on elsewhere, which has made no progress for 0.1 s',
      suggestions: [`if that process is surely gone: rm ${path}.lock`],
    })
    expect(said).toEqual([sentence(path)])
  })

  test('is waited for as long as the file grows', async () => {
    const {path, make, said, onWaiting} = await locked()
    const temporary = `${path}.77.0123abcd.tmp`
    const making = make({onWaiting, patience: 400})
    for (let i = 0; i < 8; i++) {
      await appendFile(temporary, 'more')
      await wait(100)
    }
    await rm(`${path}.lock`)
    await making
    expect(said).toEqual([sentence(path)])
    expect(await readdir(dirname(path))).toEqual(['abc-u8.bin'])
  })

  test('a stop ends the waiting', async () => {
    const {make} = await locked()
    const stop = new AbortController()
    await expect(make({signal: stop.signal, onWaiting: () => stop.abort(new Error('enough'))})).rejects.toThrow('enough')
  })
})

test('no file where there can be no folder: NOT_WRITABLE', async () => {
  const {home, make} = await prepare()
  await writeFile(home, 'a file')
  await expect(make()).rejects.toMatchObject({code: 'NOT_WRITABLE'})
})

test('a folder in the place of the file: NOT_WRITABLE', async () => {
  const {path, make} = await prepare()
  await mkdir(path, {recursive: true})
  await expect(make()).rejects.toMatchObject({code: 'NOT_WRITABLE'})
})
