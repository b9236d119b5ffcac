import {spawn} from 'node:child_process'
import {tmpdir} from 'node:os'

/** One thread everywhere, and nothing that reaches out to the network. */
export const singleThreaded = {
  OMP_NUM_THREADS: '1',
  MKL_NUM_THREADS: '1',
  OPENBLAS_NUM_THREADS: '1',
  RAYON_NUM_THREADS: '1',
  TOKENIZERS_PARALLELISM: 'false',
  HF_HUB_OFFLINE: '1',
}

/** Runs a program that prints one JSON value on its last line, and returns that. */
export async function ask(program, args, {env = {}, input} = {}) {
  const job = spawn(program, args, {
    env: {...process.env, ...singleThreaded, ...env},
    stdio: ['pipe', 'pipe', 'pipe'],
    cwd: tmpdir(),
  })
  let out = ''
  let err = ''
  job.stdout.setEncoding('utf8').on('data', (text) => (out += text))
  job.stderr.setEncoding('utf8').on('data', (text) => (err += text))
  job.stdin.on('error', () => {})
  job.stdin.end(input ?? '')
  const code = await new Promise((resolve, reject) => {
    job.on('error', reject)
    job.on('close', resolve)
  })
  if (code !== 0)
    throw new Error(`${program} ${args.slice(0, 1).join(' ')} ended with ${code}: ${err.trim().split('\n').slice(-8).join('\n')}`)
  return JSON.parse(out.trim().split('\n').at(-1))
}
