import type {FileHandle} from 'node:fs/promises'
import type {PreferenceRow} from './preference-row.js'

/** A file that takes rows one by one. */
export interface RowFile {
  write(row: PreferenceRow): Promise<void>
  end(): Promise<void>
}

const FLUSH = 1 << 20

/** Rows as JSON lines, the same five keys in the same order in each. */
export function jsonLinesFile(file: FileHandle): RowFile {
  let pending: string[] = []
  let size = 0
  async function flush(): Promise<void> {
    const text = pending.join('')
    pending = []
    size = 0
    await file.appendFile(text)
  }
  return {
    async write({prompt, reference, chosen, rejected, wrapper}) {
      const line = `${JSON.stringify({prompt, reference, chosen, rejected, wrapper})}\n`
      pending.push(line)
      size += line.length
      if (size >= FLUSH) await flush()
    },
    end: flush,
  }
}
