import {Args, Flags} from '@oclif/core'

/** The rows, as every command takes them. */
export const filesArg = {
  files: Args.string({
    required: true,
    multiple: true,
    ignoreStdin: true,
    description: 'JSONL files or JSON arrays, also gzipped; - is stdin',
  }),
}

/** Which checkpoint gives the rewards, or the tokens. */
export const modelFlag = {
  model: Flags.string({
    summary: 'Checkpoint directory, Hugging Face id in the local cache, or polar-nano',
    required: true,
    helpValue: 'MODEL',
  }),
}

/** How long a row may be, and which end of the answer goes where it is longer. The defaults are upstream's. */
export const limitFlags = {
  'max-length': Flags.integer({summary: 'Most tokens of a whole input', default: 16384, min: 1}),
  'max-response-length': Flags.integer({summary: 'Most tokens of the reference and of the output', default: 4096, min: 1}),
  'response-cut-side': Flags.option({
    summary: 'Which end of a long response is cut off',
    options: ['right', 'left'] as const,
    default: 'right',
    aliases: ['truncation-side'],
  })(),
}

/** Names of the columns that hold a row's parts; dots lead into objects. */
export const columnFlags = {
  'prompt-key': Flags.string({summary: 'Column of the prompt', default: 'prompt', helpValue: 'PATH'}),
  'reference-key': Flags.string({summary: 'Column of the reference answer', default: 'reference', helpValue: 'PATH'}),
  'output-key': Flags.string({summary: 'Column of the answer or answers to score', default: 'output', helpValue: 'PATH'}),
}

/** How the embedded engine computes. */
export const computeFlags = {
  engine: Flags.option({summary: 'What computes the rewards', options: ['onnx'] as const, default: 'onnx'})(),
  dtype: Flags.option({summary: 'Precision of the weights', options: ['auto', 'f32', 'q8'] as const, default: 'auto'})(),
  threads: Flags.integer({summary: 'Threads to compute with [default: one a core]', min: 1, max: 1024}),
}

/** The limits as an encoder takes them. */
export function limitsOf(flags: {'max-length': number; 'max-response-length': number; 'response-cut-side': 'right' | 'left'}) {
  return {
    maxLength: flags['max-length'],
    maxResponseLength: flags['max-response-length'],
    responseCutSide: flags['response-cut-side'],
  }
}

/** The columns as a row parser takes them. */
export function columnsOf(flags: {'prompt-key': string; 'reference-key': string; 'output-key': string}) {
  return {prompt: flags['prompt-key'], reference: flags['reference-key'], output: flags['output-key']}
}
