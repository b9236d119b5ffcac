import {open} from 'node:fs/promises'
import {PolarError} from '../../errors.js'
import {readFully} from '../../system/read-fully.js'
import type {Checkpoint, StoredTensor} from './checkpoint.js'

/** Places of a tensor that are looked at, spread evenly from its first bytes to its last, and the bytes that are read at each. */
const PLACES = 5
const PLACE_BYTES = 4096

/**
 * Throws MODEL_UNSUPPORTED where a tensor is zero wherever it is looked at: a file whose space was taken before its bytes came loads
 * well and gives every text the same reward. A bias may be zero.
 */
export async function demandWritten(checkpoint: Checkpoint): Promise<void> {
  const tensors = [...checkpoint.tensors.values()].filter(({name}) => !name.endsWith('.bias'))
  for (const path of new Set(tensors.map((tensor) => tensor.file))) {
    const file = await open(path)
    try {
      for (const tensor of tensors) {
        if (tensor.file !== path || (await someByte(tensor, file))) continue
        throw new PolarError(
          'environment',
          'MODEL_UNSUPPORTED',
          `${path}: ${tensor.name} is all zeros; was it not finished downloading?`,
          {
            suggestions: ['fetch this file again'],
            facts: {file: path, tensor: tensor.name},
          },
        )
      }
    } finally {
      await file.close()
    }
  }
}

/** Whether a byte other than 0 is found. */
async function someByte({offset, bytes}: StoredTensor, file: Awaited<ReturnType<typeof open>>): Promise<boolean> {
  const length = Math.min(PLACE_BYTES, bytes)
  for (let i = 0; i < PLACES; i++) {
    const start = offset + Math.floor(((bytes - length) * i) / (PLACES - 1))
    const found = await readFully(file, Buffer.alloc(length), start)
    if (found.some((byte) => byte !== 0)) return true
  }
  return false
}
