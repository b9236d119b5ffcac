import {createHash} from 'node:crypto'
import type {RawRow} from '../rows/raw-row.js'

/** Rows that are encoded, batched and journalled together. */
export interface Window {
  readonly index: number
  readonly rows: readonly RawRow[]
}

export interface WindowSize {
  readonly rows: number
  readonly bytes: number
}

/** Large enough to find texts of equal length and prompts that repeat; small, so that its objects die young. */
export const WINDOW_SIZE: WindowSize = {rows: 512, bytes: 4 << 20}

/** Cuts rows into windows. A pure function of the rows: a resumed run sees the same windows. */
export async function* windows(
  batches: AsyncIterable<readonly RawRow[]>,
  size = WINDOW_SIZE,
  limit = Infinity,
): AsyncGenerator<Window> {
  let index = 0
  let taken = 0
  let rows: RawRow[] = []
  let bytes = 0
  for await (const batch of batches) {
    for (const row of batch) {
      if (taken === limit) break
      rows.push(row)
      taken++
      bytes += row.bytes.length
      if (rows.length < size.rows && bytes < size.bytes) continue
      yield {index: index++, rows}
      rows = []
      bytes = 0
    }
    if (taken === limit) break
  }
  if (rows.length > 0) yield {index, rows}
}

/** sha256 over the place and the bytes of a window's rows, hex: what a journal compares before it trusts its rewards. */
export function windowDigest(window: Window): string {
  const hash = createHash('sha256')
  for (const {bytes} of window.rows) hash.update(bytes)
  hash.update(window.rows.map(({file, line, bytes, problem = ''}) => `\0${file}\0${line}\0${bytes.length}\0${problem}`).join(''))
  return hash.digest('hex')
}
