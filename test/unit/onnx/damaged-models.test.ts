import {execFileSync} from 'node:child_process'
import {mkdir, readFile, rm, symlink, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {openCheckpoint} from '../../../src/reward-models/onnx/checkpoint.js'
import {loadRewardModel, type LoadOptions} from '../../../src/reward-models/onnx/load.js'
import {q8Scheme} from '../../../src/reward-models/onnx/q8-scheme.js'
import {quantizedWeights} from '../../../src/reward-models/onnx/quantized-weights.js'
import {modelDigest, weightsDigest} from '../../../src/reward-models/onnx/weights-digest.js'
import {makeFolder} from '../../../src/system/make-folder.js'
import {safetensorsBytes, smallCheckpoint, writeSmallCheckpoint} from '../../fixtures/small-checkpoint.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const small = async (config: Record<string, unknown> = {}): Promise<string> =>
  writeSmallCheckpoint(await temporaryFolder(), smallCheckpoint(config))

const load = async (directory: string, options: LoadOptions = {}) =>
  loadRewardModel(directory, {dtype: 'f32', threads: 1, ...options})

const unsupported = (message: string | RegExp) => ({
  code: 'MODEL_UNSUPPORTED',
  message: typeof message === 'string' ? expect.stringContaining(message) : expect.stringMatching(message),
})

describe('a tokenizer', () => {
  test('is a part of what made a reward, but not of the weights', async () => {
    const directory = await small()
    const digests = async (): Promise<[weights: string, model: string]> => {
      const checkpoint = await openCheckpoint(directory)
      const weights = await weightsDigest(checkpoint)
      return [weights, await modelDigest(checkpoint, weights)]
    }
    const seen = [await digests()]
    for (const name of [
      'tokenizer.model',
      'tokenizer.json',
      'tokenizer_config.json',
      'special_tokens_map.json',
      'added_tokens.json',
    ]) {
      for (const content of ['{}', '{"add_bos_token":false}']) {
        await writeFile(join(directory, name), content)
        seen.push(await digests())
      }
    }
    expect(new Set(seen.map(([weights]) => weights)).size).toBe(1)
    expect(new Set(seen.map(([, model]) => model)).size).toBe(11)
    const model = await load(directory)
    expect(model.identity.weightsDigest).toBe(seen.at(-1)?.[1])
    await model.close()
  })

  test('whose settings are a link to nowhere is not taken for one without settings', async () => {
    const directory = await small()
    await symlink('gone', join(directory, 'tokenizer_config.json'))
    await expect(load(directory)).rejects.toMatchObject({code: 'MODEL_NOT_FOUND'})
  })
})

describe('config.json', () => {
  test.each<[string, Record<string, unknown>, string]>([
    ['with fewer layers', {num_hidden_layers: 1}, 'tensor model.layers.1.attention.wqkv.weight, but config.json says 1 layers'],
    [
      'with more layers than memory holds',
      {num_hidden_layers: 100_000_000},
      'has no tensor model.layers.2.attention.wqkv.weight',
    ],
    ['with a scaling of no type', {rope_scaling: {factor: 4}}, 'gives no type for its rope scaling of factor'],
    [
      'with a factor below 1',
      {rope_scaling: {type: 'dynamic', factor: 0.5}},
      'has a factor of 0.5 for its dynamic rope scaling; it must be 1 or more',
    ],
    [
      'with very many architectures',
      {architectures: Array.from({length: 1000}, (_, i) => `A${i}`)},
      'config.json says A0, A1, A2 and 997 more: only InternLM2ForRewardModel can be run',
    ],
  ])('%s', async (_, config, message) => {
    await expect(load(await small(config))).rejects.toMatchObject(unsupported(message))
  })

  test('may give the rotary base as transformers 5 does, without a type', async () => {
    const model = await load(await small({rope_theta: undefined, rope_parameters: {rope_theta: 10_000}}))
    await model.close()
  })
})

describe('model.safetensors', () => {
  /** A file in which the place of the last tensor but one is moved by so many bytes. */
  const moved = (by: number): Buffer => {
    const bytes = safetensorsBytes(smallCheckpoint().tensors)
    const length = Number(bytes.readBigUInt64LE())
    const header = bytes.toString('utf8', 8, 8 + length)
    const found = /("model\.norm\.weight":.*?\[)(\d+),(\d+)(\]\})/.exec(header)
    if (!found) throw new Error('no such tensor')
    const [all, before, from, to, after] = found
    const text = header
      .replace(all, `${before}${Number(from) + by},${Number(to) + by}${after}`)
      .trimEnd()
      .padEnd(length)
    expect(text).toHaveLength(length)
    return Buffer.concat([bytes.subarray(0, 8), Buffer.from(text), bytes.subarray(8 + length)])
  }

  test.each([
    ['a tensor inside another', moved(-256), 'model.norm.weight begins inside the tensor before it'],
    ['a byte too late', moved(1), 'model.norm.weight begins 1 bytes behind the tensor before it'],
    ['two in one place', moved(256), 'begins 256 bytes behind the tensor before it'],
    ['bytes at the end', Buffer.concat([moved(0), Buffer.alloc(3)]), 'has 3 bytes behind its last tensor'],
  ])('%s', async (_, bytes, message) => {
    const directory = await small()
    await writeFile(join(directory, 'model.safetensors'), bytes)
    await expect(load(directory)).rejects.toMatchObject(unsupported(message))
  })

  test.each(['model.tok_embeddings.weight', 'model.layers.1.attention_norm.weight', 'v_head.weight'])(
    'whose %s never came',
    async (name) => {
      const checkpoint = smallCheckpoint()
      checkpoint.tensors.get(name)?.values.fill(0)
      const directory = await writeSmallCheckpoint(await temporaryFolder(), checkpoint)
      await expect(load(directory)).rejects.toMatchObject(unsupported(`${name} is all zeros; was it not finished downloading?`))
    },
  )

  test('may hold zeros here and there, and biases of zeros', async () => {
    const checkpoint = smallCheckpoint({bias: true})
    checkpoint.tensors.get('model.layers.0.attention.wo.bias')?.values.fill(0)
    checkpoint.tensors.get('model.tok_embeddings.weight')?.values.fill(0, 0, 640)
    const model = await load(await writeSmallCheckpoint(await temporaryFolder(), checkpoint))
    await model.close()
  })

  test('of which very many shards are missing: three are named', async () => {
    const directory = await small()
    const shards = Object.fromEntries(
      Array.from({length: 500}, (_, i) => [`t${i}`, `s${String(i).padStart(3, '0')}.safetensors`]),
    )
    await writeFile(join(directory, 'model.safetensors.index.json'), JSON.stringify({weight_map: shards}))
    await expect(load(directory)).rejects.toMatchObject({
      code: 'MODEL_NOT_FOUND',
      message: expect.stringContaining('lacks s000.safetensors, s001.safetensors, s002.safetensors and 497 more, which'),
    })
  })
})

describe.each(['config.json', 'model.safetensors', 'tokenizer.model'])('in the place of %s', (name) => {
  test.each<[string, (path: string) => Promise<unknown>, object]>([
    ['a link to nowhere', (path) => symlink('gone', path), {code: 'MODEL_NOT_FOUND', suggestions: ['fetch the model again']}],
    ['a link to itself', (path) => symlink(name, path), {code: 'MODEL_NOT_FOUND', suggestions: ['fetch the model again']}],
    ['a folder', (path) => mkdir(path), unsupported(`${name} is a folder`)],
    ['a pipe', async (path) => execFileSync('mkfifo', [path]), unsupported(`${name} is no regular file`)],
  ])('%s', async (_, put, error) => {
    const directory = await small()
    await rm(join(directory, name), {force: true})
    await put(join(directory, name))
    await expect(load(directory)).rejects.toMatchObject(error)
  })
})

describe('8-bit weights', () => {
  test.each<[string, (path: string) => Promise<unknown>]>([
    ['a link to itself', (path) => symlink('abc-u8.bin', path)],
    ['a link to nowhere', (path) => symlink('gone', path)],
    ['a pipe', async (path) => execFileSync('mkfifo', [path])],
  ])('are made in the place of %s', async (_, put) => {
    const home = await temporaryFolder()
    const path = join(home, 'quantized', 'abc-u8.bin')
    await mkdir(join(home, 'quantized'))
    await put(path)
    const scheme = q8Scheme('x64', new Set())
    await quantizedWeights(await openCheckpoint(await small()), {digest: 'abc', home, scheme})
    expect((await readFile(path)).length).toBeGreaterThan(512)
  })

  test.skipIf(process.platform !== 'linux')('a folder that can never be made is told', async () => {
    await expect(makeFolder('/proc/nope/quantized')).rejects.toMatchObject({code: 'NOT_WRITABLE'})
  })
})

test.each([0, 1.5, -1, 1025, 100_000, Number.NaN])('%s threads are refused', async (threads) => {
  await expect(load(await small(), {threads})).rejects.toMatchObject({kind: 'usage', code: 'FLAG_INVALID'})
})
