import {cp, rm, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {describe, expect, test} from 'vitest'
import {loadRewardModel} from '../../../src/reward-models/onnx/load.js'
import {sharedFixtures} from '../../fixtures/shared.js'
import {safetensorsBytes, smallCheckpoint, writeSmallCheckpoint, type SmallCheckpoint} from '../../fixtures/small-checkpoint.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

/** What loading says, the folder's path left out. */
async function refusal(directory: string): Promise<{code: unknown; message: string}> {
  try {
    const model = await loadRewardModel(directory, {dtype: 'f32', threads: 1})
    await model.close()
  } catch (error) {
    if (!(error instanceof Error)) throw error
    return {code: 'code' in error ? error.code : undefined, message: error.message.replaceAll(directory, 'DIR')}
  }
  throw new Error('it was loaded')
}

const WQKV = 'model.layers.1.attention.wqkv.weight'

describe('a config.json that cannot be run', () => {
  test.each<[string, Record<string, unknown>, string]>([
    [
      'a base model',
      {architectures: ['InternLM2ForCausalLM']},
      'DIR/config.json says InternLM2ForCausalLM: a base or chat model, not a reward model',
    ],
    [
      'another architecture',
      {architectures: ['LlamaForSequenceClassification']},
      'DIR/config.json says LlamaForSequenceClassification: only InternLM2ForRewardModel can be run',
    ],
    ['no architecture', {architectures: undefined}, 'DIR/config.json names no architecture; InternLM2ForRewardModel is needed'],
    [
      'unknown rope',
      {rope_scaling: {type: 'yarn', factor: 2}},
      'DIR/config.json uses "yarn" rope scaling; linear and dynamic are known',
    ],
    [
      'unknown rope, new spelling',
      {rope_parameters: {rope_type: 'llama3', factor: 2, rope_theta: 1}},
      'DIR/config.json uses "llama3" rope scaling; linear and dynamic are known',
    ],
    ['no factor', {rope_scaling: {type: 'dynamic'}}, 'DIR/config.json gives no factor for its dynamic rope scaling'],
    ['no theta', {rope_theta: undefined}, 'DIR/config.json gives no rope_theta'],
    [
      'small heads',
      {num_attention_heads: 8},
      "DIR/config.json has heads of size 8; ONNX Runtime's attention needs a multiple of 16",
    ],
    ['odd kv heads', {num_key_value_heads: 3}, 'DIR/config.json has 4 heads, which 3 key-value heads do not divide'],
    ['another activation', {hidden_act: 'gelu'}, 'DIR/config.json uses the activation "gelu"; only silu can be run'],
    [
      'no layers',
      {num_hidden_layers: 0},
      'DIR/config.json cannot be used: num_hidden_layers: Too small: expected number to be >0',
    ],
    ['more layers than weights', {num_hidden_layers: 3}, 'DIR has no tensor model.layers.2.attention.wqkv.weight'],
    [
      'another vocabulary',
      {vocab_size: 98},
      'DIR/model.safetensors: model.tok_embeddings.weight has shape [97, 64]; config.json makes it [98, 64]',
    ],
  ])('%s', async (_, config, message) => {
    const directory = await writeSmallCheckpoint(await temporaryFolder(), smallCheckpoint(config))
    expect(await refusal(directory)).toEqual({code: 'MODEL_UNSUPPORTED', message})
  })

  test('no JSON', async () => {
    const directory = await writeSmallCheckpoint(await temporaryFolder())
    await writeFile(join(directory, 'config.json'), '{"architectures": [')
    expect(await refusal(directory)).toEqual({code: 'MODEL_UNSUPPORTED', message: 'DIR/config.json is not JSON'})
  })

  test('none, and no folder', async () => {
    const folder = await temporaryFolder()
    expect(await refusal(folder)).toEqual({code: 'MODEL_NOT_FOUND', message: 'DIR is not a checkpoint: it has no config.json'})
    expect(await refusal(join(folder, 'no'))).toEqual({code: 'MODEL_NOT_FOUND', message: 'no directory DIR'})
  })
})

describe('weights that cannot be run', () => {
  test.each<[string, (checkpoint: SmallCheckpoint) => void, string]>([
    ['no head', ({tensors}) => tensors.delete('v_head.weight'), 'DIR has no tensor v_head.weight'],
    [
      'a wrong shape',
      ({tensors}) => tensors.set(WQKV, {shape: [64, 128], values: new Float32Array(64 * 128)}),
      `DIR/model.safetensors: ${WQKV} has shape [64, 128]; config.json makes it [128, 64]`,
    ],
    [
      'a bias that the net does not have',
      ({tensors}) => tensors.set('model.layers.0.feed_forward.w1.bias', {shape: [96], values: new Float32Array(96)}),
      'DIR has a tensor model.layers.0.feed_forward.w1.bias, which this net has no place for',
    ],
  ])('%s', async (_, change, message) => {
    const checkpoint = smallCheckpoint()
    change(checkpoint)
    expect(await refusal(await writeSmallCheckpoint(await temporaryFolder(), checkpoint))).toEqual({
      code: 'MODEL_UNSUPPORTED',
      message,
    })
  })

  const bytes = safetensorsBytes(smallCheckpoint().tensors)
  const headerEnd = 8 + Number(bytes.readBigUInt64LE())
  const withHeader = (text: string): Buffer => {
    const length = Buffer.alloc(8)
    length.writeBigUInt64LE(BigInt(text.length))
    return Buffer.concat([length, Buffer.from(text)])
  }
  test.each<[string, Buffer, string]>([
    [
      'cut in the data',
      bytes.subarray(0, -1),
      `is cut short: v_head.weight ends at byte ${bytes.length}, the file has ${bytes.length - 1}`,
    ],
    ['cut in the header', bytes.subarray(0, 100), `is cut short: its header has ${headerEnd - 8} bytes, the file 100`],
    ['empty', Buffer.alloc(0), 'is not a safetensors file: it has 0 bytes'],
    ['something else', Buffer.from('PK'.repeat(500)), 'is not a safetensors file: it does not begin with the size of a header'],
    ['a header that is no JSON', withHeader('{"a'), 'is not a safetensors file: its header is not JSON'],
    ['a header that is no object', withHeader('[]'), 'is not a safetensors file: its header is not a JSON object'],
    [
      'a size that does not fit the shape',
      Buffer.concat([withHeader('{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}}'), Buffer.alloc(4)]),
      'has a damaged header: a is F32 [2] in 4 bytes',
    ],
  ])('%s', async (_, content, message) => {
    const directory = await writeSmallCheckpoint(await temporaryFolder())
    await writeFile(join(directory, 'model.safetensors'), content)
    expect(await refusal(directory)).toEqual({code: 'MODEL_UNSUPPORTED', message: `DIR/model.safetensors ${message}`})
  })

  test('no weights', async () => {
    const directory = await writeSmallCheckpoint(await temporaryFolder())
    await rm(join(directory, 'model.safetensors'))
    expect(await refusal(directory)).toEqual({
      code: 'MODEL_NOT_FOUND',
      message: 'DIR holds no weights: neither model.safetensors nor model.safetensors.index.json',
    })
  })

  test('a shard that is not there, or not of this folder', async () => {
    const directory = await writeSmallCheckpoint(await temporaryFolder())
    const index = join(directory, 'model.safetensors.index.json')
    await writeFile(index, JSON.stringify({weight_map: {a: 'model.safetensors', b: 'model-2.safetensors'}}))
    expect(await refusal(directory)).toEqual({
      code: 'MODEL_NOT_FOUND',
      message: 'DIR lacks model-2.safetensors, which model.safetensors.index.json names',
    })
    await writeFile(index, JSON.stringify({weight_map: {a: '../model.safetensors'}}))
    expect(await refusal(directory)).toEqual({
      code: 'MODEL_UNSUPPORTED',
      message: 'DIR/model.safetensors.index.json names ../model.safetensors, which is not a file beside it',
    })
    await writeFile(index, '{}')
    expect((await refusal(directory)).message).toBe('DIR/model.safetensors.index.json has no weight_map of names to files')
  })

  test.skipIf(sharedFixtures === undefined)('only pytorch_model.bin', async () => {
    const directory = join(await temporaryFolder(), 'tiny-bin')
    await cp(join(sharedFixtures ?? '', 'fixtures/reference/checkpoints/tiny-bin'), directory, {recursive: true})
    expect(await refusal(directory)).toEqual({
      code: 'MODEL_UNSUPPORTED',
      message: 'DIR holds its weights as pytorch_model.bin only; safetensors are needed',
    })
  })
})

test('a precision that does not exist', async () => {
  const directory = await writeSmallCheckpoint(await temporaryFolder())
  // @ts-expect-error -- what a caller without types may say
  await expect(loadRewardModel(directory, {dtype: 'f16'})).rejects.toMatchObject({
    code: 'FLAG_INVALID',
    message: 'dtype is "f16"; auto, f32 and q8 can be had',
  })
})
