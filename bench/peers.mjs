import {execFile} from 'node:child_process'
import {existsSync} from 'node:fs'
import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {promisify} from 'node:util'
import {cache} from './paths.mjs'

const run = promisify(execFile)
const PYTHON = {
  torch: '2.5.1',
  transformers: '4.48.0',
  tokenizers: '0.21.4',
  sentencepiece: '0.2.1',
  gguf: '0.17.1',
  safetensors: '0.5.3',
  numpy: '2.2.6',
  protobuf: '5.29.5',
  orjson: '3.13.0',
}
const LLAMA = '3.22.1'

/** Path of a Python in a virtual environment with the peers, made on first use (about 6 GB: PyPI's torch brings CUDA). */
export async function python(log) {
  const folder = join(cache, 'venv')
  const program = join(folder, 'bin/python')
  const packages = Object.entries(PYTHON).map(([name, version]) => `${name}==${version}`)
  const stamp = join(folder, `installed-${packages.join('-').replaceAll(/[^\w.-]/g, '')}`)
  if (existsSync(stamp)) return program
  log(`installs ${packages.join(' ')}`)
  await run('python3', ['-m', 'venv', folder])
  await run(program, ['-m', 'pip', 'install', '--quiet', ...packages], {maxBuffer: 1 << 26})
  await writeFile(stamp, '')
  return program
}

/** Path of node-llama-cpp's entry, with its prebuilt CPU library for this system. */
export async function llama(log) {
  const folder = join(cache, 'npm')
  const entry = join(folder, 'node_modules/node-llama-cpp/dist/index.js')
  if (existsSync(entry)) return entry
  const library = {
    'linux-x64': 'linux-x64',
    'linux-arm64': 'linux-arm64',
    'darwin-arm64': 'mac-arm64-metal',
    'win32-x64': 'win-x64',
  }[`${process.platform}-${process.arch}`]
  if (!library) throw new Error(`no prebuilt llama.cpp for ${process.platform}-${process.arch}`)
  log(`installs node-llama-cpp ${LLAMA}`)
  await mkdir(folder, {recursive: true})
  await writeFile(join(folder, 'package.json'), '{"private":true}')
  // Without its optional packages: they are 700 MB of libraries for GPUs.
  const packages = [`node-llama-cpp@${LLAMA}`, `@node-llama-cpp/${library}@${LLAMA}`]
  await run('npm', ['install', '--omit=optional', '--ignore-scripts', '--no-audit', '--no-fund', ...packages], {
    cwd: folder,
    maxBuffer: 1 << 26,
  })
  return entry
}

export const versions = {
  torch: PYTHON.torch,
  transformers: PYTHON.transformers,
  tokenizers: PYTHON.tokenizers,
  orjson: PYTHON.orjson,
  'node-llama-cpp': LLAMA,
}
