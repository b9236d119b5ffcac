import type {Stats} from 'node:fs'
import {readFile, stat} from 'node:fs/promises'
import {createRequire} from 'node:module'
import {dirname, join} from 'node:path'
import {PolarError} from '../errors.js'
import {fileError, hasCode} from '../system/file-errors.js'
import {hubCache} from '../system/home.js'

/** A model that is on this machine. */
export interface ResolvedModel {
  /** What the user wrote. */
  readonly name: string
  /** Directory in Hugging Face's layout. */
  readonly directory: string
  /** True for the bundled stand-in, whose rewards mean nothing. */
  readonly isPlaceholder: boolean
}

/** The stand-in that comes with the package. */
export const POLAR_NANO = 'polar-nano'

/** What every run with the stand-in must say. */
export const PLACEHOLDER_NOTICE =
  'polar-nano is a stand-in with pseudo-random weights: its rewards mean nothing. Name a real model: --model DIRECTORY or --model internlm/POLAR-7B'

/**
 * Finds a model: a directory, the bundled `polar-nano`, or a Hugging Face id (`internlm/POLAR-7B`) in the local cache.
 * Nothing is downloaded. Throws MODEL_NOT_FOUND with what to do, NOT_READABLE where a folder on the way may not be looked into.
 */
export async function resolveModel(name: string, env: NodeJS.ProcessEnv = process.env): Promise<ResolvedModel> {
  if (name === POLAR_NANO && !(await isDirectory(name))) {
    const config = createRequire(import.meta.url).resolve('#models/polar-nano/config.json')
    return {name, directory: dirname(config), isPlaceholder: true}
  }
  if (await isDirectory(name)) return {name, directory: name, isPlaceholder: false}
  if (await isFile(name)) {
    throw notFound(name, `${name} is a file; a model is a directory with config.json, tokenizer and *.safetensors`, [
      `--model ${dirname(name)}`,
    ])
  }
  if (HUB_ID.test(name)) {
    const snapshot = await cachedSnapshot(name, hubCache(env))
    if (snapshot !== undefined) return {name, directory: snapshot, isPlaceholder: false}
    throw notFound(name, `no directory ${name}, and no model of that name in the Hugging Face cache (${hubCache(env)})`, [
      `hf download ${name}`,
      '--model DIRECTORY',
    ])
  }
  throw notFound(name, `no directory ${name}`, [
    '--model takes a directory, a Hugging Face id such as internlm/POLAR-7B, or polar-nano',
  ])
}

const HUB_ID = /^[\w.-]+\/[\w.-]+$/

/** The snapshot that `refs/main` names, as huggingface_hub lays its cache out. */
async function cachedSnapshot(id: string, cache: string): Promise<string | undefined> {
  const folder = join(cache, `models--${id.replaceAll('/', '--')}`)
  const head = join(folder, 'refs', 'main')
  const commit = await readFile(head, 'utf8').catch((error: unknown) => absent(error, head))
  if (commit === undefined) return undefined
  const snapshot = join(folder, 'snapshots', commit.trim())
  return (await isDirectory(snapshot)) ? snapshot : undefined
}

async function isDirectory(path: string): Promise<boolean> {
  return (await statIfThere(path))?.isDirectory() ?? false
}

async function isFile(path: string): Promise<boolean> {
  return (await statIfThere(path))?.isFile() ?? false
}

async function statIfThere(path: string): Promise<Stats | undefined> {
  return stat(path).catch((error: unknown) => absent(error, path))
}

/** Only these codes say that nothing is there; what may not be looked at is no reason to look elsewhere. */
function absent(error: unknown, path: string): undefined {
  if (!hasCode(error, 'ENOENT') && !hasCode(error, 'ENOTDIR')) throw fileError(error, path, 'read')
}

function notFound(name: string, message: string, suggestions: readonly string[]): PolarError {
  return new PolarError('environment', 'MODEL_NOT_FOUND', message, {suggestions, facts: {model: name}})
}
