import {fileURLToPath} from 'node:url'

const path = (relative) => fileURLToPath(new URL(relative, import.meta.url))

export const root = path('../')
/** Peers, checkpoints and what is made of them; ignored by git, may be removed at any time. */
export const cache = path('../.bench/')
export const library = path('../dist/src/index.js')
export const program = path('../bin/run.js')
/** The bundled model's folder: InternLM2's tokenizer. */
export const tokenizer = path('../models/polar-nano/')
export const child = (name) => path(`./children/${name}`)
