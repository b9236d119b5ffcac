import {readdir, readFile, realpath} from 'node:fs/promises'
import {basename, join} from 'node:path'
import * as z from 'zod'
import {PolarError} from '../../errors.js'
import {fileError, hasCode} from '../../system/file-errors.js'
import {parseJson} from '../../system/json.js'
import {modelConfig, type ModelConfig} from './config.js'
import {firstFew} from './first-few.js'
import {demandFile} from './model-file.js'
import {isFloatType, readSafetensors, type SafetensorsEntry, type SafetensorsType} from './safetensors.js'

/** A tensor that the net needs, and where its bytes lie. */
export interface StoredTensor {
  readonly name: string
  readonly type: SafetensorsType
  readonly shape: readonly number[]
  /** Path of the file that holds it, links resolved: in Hugging Face's cache that is a blob. */
  readonly file: string
  readonly offset: number
  readonly bytes: number
}

/** A checkpoint directory in Hugging Face layout, its config and tensors checked, its weights not yet read. */
export interface Checkpoint {
  readonly directory: string
  readonly config: ModelConfig
  /** The tensors of the net by name; a checkpoint may hold others, which are left alone. */
  readonly tensors: ReadonlyMap<string, StoredTensor>
  /** Paths of `config.json` and the safetensors files. */
  readonly files: readonly string[]
  /** Paths of those files that decide which ids a text has, where they are there. */
  readonly tokenizerFiles: readonly string[]
}

const TOKENIZER_FILES = [
  'added_tokens.json',
  'special_tokens_map.json',
  'tokenizer.json',
  'tokenizer.model',
  'tokenizer_config.json',
]

const INDEX = 'model.safetensors.index.json'

const FETCH_AGAIN = ['fetch the checkpoint again']

function missing(directory: string, message: string): PolarError {
  return new PolarError('environment', 'MODEL_NOT_FOUND', message, {
    suggestions: ['name a directory with config.json, the tokenizer and *.safetensors'],
    facts: {directory},
  })
}

function unsupported(file: string, message: string, suggestions: readonly string[] = FETCH_AGAIN): PolarError {
  return new PolarError('environment', 'MODEL_UNSUPPORTED', message, {suggestions, facts: {file}})
}

async function readJson(file: string): Promise<unknown> {
  await demandFile(file)
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw fileError(error, file, 'read')
  })
  const json = parseJson(text)
  if (json === undefined) throw unsupported(file, `${file} is not JSON`)
  return json
}

async function weightFiles(directory: string, names: ReadonlySet<string>): Promise<string[]> {
  if (names.has(INDEX)) {
    const file = join(directory, INDEX)
    const index = z.object({weight_map: z.record(z.string(), z.string())}).safeParse(await readJson(file))
    if (!index.success) throw unsupported(file, `${file} has no weight_map of names to files`)
    const shards = [...new Set(Object.values(index.data.weight_map))].toSorted()
    const outside = shards.find((shard) => basename(shard) !== shard)
    if (outside !== undefined) throw unsupported(file, `${file} names ${outside}, which is not a file beside it`)
    const lost = shards.filter((shard) => !names.has(shard))
    if (lost.length > 0) {
      throw new PolarError('environment', 'MODEL_NOT_FOUND', `${directory} lacks ${firstFew(lost)}, which ${INDEX} names`, {
        suggestions: [lost.length === 1 ? 'fetch the missing file' : 'fetch the missing files'],
        facts: {directory, missing: lost.slice(0, 100), count: lost.length},
      })
    }
    return shards
  }
  if (names.has('model.safetensors')) return ['model.safetensors']
  const pickled = [...names].filter((name) => /\.(bin|pth|pt|ckpt)$/.test(name))
  if (pickled.length > 0) {
    const message = `${directory} holds its weights as ${pickled[0]} only; safetensors are needed`
    throw new PolarError('environment', 'MODEL_UNSUPPORTED', message, {
      suggestions: ['save it again from Python: model.save_pretrained(directory, safe_serialization=True)'],
      facts: {directory, found: pickled},
    })
  }
  throw missing(directory, `${directory} holds no weights: neither model.safetensors nor ${INDEX}`)
}

/**
 * Names and shapes of the tensors that the net has; `v_head` turns the last hidden state into the reward. One by one: `config` may say
 * any number of layers, and the first that is missing is an end of it.
 */
function* expectedTensors(config: ModelConfig): Generator<readonly [name: string, shape: readonly number[]]> {
  const {hiddenSize, headSize, heads, kvHeads, feedForwardSize} = config
  yield ['model.tok_embeddings.weight', [config.vocabSize, hiddenSize]]
  for (let layer = 0; layer < config.layers; layer++) {
    const prefix = `model.layers.${layer}.`
    yield [`${prefix}attention.wqkv.weight`, [(heads + 2 * kvHeads) * headSize, hiddenSize]]
    yield [`${prefix}attention.wo.weight`, [hiddenSize, heads * headSize]]
    yield [`${prefix}feed_forward.w1.weight`, [feedForwardSize, hiddenSize]]
    yield [`${prefix}feed_forward.w3.weight`, [feedForwardSize, hiddenSize]]
    yield [`${prefix}feed_forward.w2.weight`, [hiddenSize, feedForwardSize]]
    yield [`${prefix}attention_norm.weight`, [hiddenSize]]
    yield [`${prefix}ffn_norm.weight`, [hiddenSize]]
  }
  yield ['model.norm.weight', [hiddenSize]]
  yield ['v_head.weight', [1, hiddenSize]]
}

/** A tensor as found: `file` as it is named in the directory, `path` with links resolved. */
interface FoundTensor extends SafetensorsEntry {
  readonly file: string
  readonly path: string
}
type FoundTensors = ReadonlyMap<string, FoundTensor>

function checkTensor(found: FoundTensors, name: string, shape: readonly number[], directory: string): StoredTensor {
  const entry = found.get(name)
  if (!entry) throw unsupported(directory, `${directory} has no tensor ${name}`)
  const {type, file, path, offset, bytes} = entry
  if (!isFloatType(type)) {
    throw unsupported(file, `${file}: ${name} has type ${type}; F32, F16 and BF16 can be run`, [
      'save it again from Python with torch_dtype=torch.bfloat16',
    ])
  }
  if (entry.shape.join() !== shape.join()) {
    const [is, expected] = [entry.shape.join(', '), shape.join(', ')]
    throw unsupported(file, `${file}: ${name} has shape [${is}]; config.json makes it [${expected}]`)
  }
  return {name, type, shape, file: path, offset, bytes}
}

const LAYER = /^model\.layers\.(\d+)\./
const NAME_REWARD_MODEL = ['name a POLAR reward model: --model internlm/POLAR-1_8B or --model DIRECTORY']

/**
 * The tensors of the net, checked. With `"bias": true` the attention's two projections have a bias (`modeling_internlm2.py`); what else
 * has one, or has more layers, is not this net.
 */
function netTensors(config: ModelConfig, found: FoundTensors, directory: string): Map<string, StoredTensor> {
  const tensors = new Map<string, StoredTensor>()
  for (const [name, shape] of expectedTensors(config)) tensors.set(name, checkTensor(found, name, shape, directory))
  for (const name of found.keys()) {
    if (Number(LAYER.exec(name)?.[1] ?? 0) >= config.layers) {
      throw unsupported(directory, `${directory} has a tensor ${name}, but config.json says ${config.layers} layers`, [
        "use the checkpoint's own config.json",
      ])
    }
    if (!name.endsWith('.bias')) continue
    const weight = tensors.get(name.replace(/\.bias$/, '.weight'))
    if (!weight || !/\.attention\.(wqkv|wo)\.bias$/.test(name)) {
      throw unsupported(directory, `${directory} has a tensor ${name}, which this net has no place for`, NAME_REWARD_MODEL)
    }
    tensors.set(name, checkTensor(found, name, weight.shape.slice(0, 1), directory))
  }
  return tensors
}

async function listing(directory: string): Promise<string[]> {
  return readdir(directory).catch((cause: unknown) => {
    if (hasCode(cause, 'ENOENT')) throw missing(directory, `no directory ${directory}`)
    if (hasCode(cause, 'ENOTDIR')) throw missing(directory, `${directory} is a file, or a part of its path is`)
    throw fileError(cause, directory, 'read')
  })
}

/** Opens a checkpoint directory. Throws MODEL_NOT_FOUND where files are missing, NOT_READABLE, MODEL_UNSUPPORTED where they cannot be run. */
export async function openCheckpoint(directory: string): Promise<Checkpoint> {
  const names = new Set(await listing(directory))
  if (!names.has('config.json')) throw missing(directory, `${directory} is not a checkpoint: it has no config.json`)
  const configFile = join(directory, 'config.json')
  const config = modelConfig(await readJson(configFile), configFile)

  const found = new Map<string, FoundTensor>()
  const files = (await weightFiles(directory, names)).map((name) => join(directory, name))
  for (const file of files) {
    await demandFile(file)
    const path = await realpath(file)
    for (const [name, entry] of await readSafetensors(file)) found.set(name, {...entry, file, path})
  }
  const tensors = netTensors(config, found, directory)
  const tokenizerFiles = TOKENIZER_FILES.filter((name) => names.has(name)).map((name) => join(directory, name))
  for (const file of tokenizerFiles) await demandFile(file)
  return {directory, config, tensors, files: [configFile, ...files], tokenizerFiles}
}

/** A tensor that {@link openCheckpoint} has found. */
export function storedTensor(checkpoint: Checkpoint, name: string): StoredTensor {
  const tensor = checkpoint.tensors.get(name)
  if (!tensor) throw new RangeError(`the net has no tensor ${name}`)
  return tensor
}
