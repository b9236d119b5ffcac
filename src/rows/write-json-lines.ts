import type {FileHandle} from 'node:fs/promises'
import {pipeline, Readable} from 'node:stream'
import ndjson from 'ndjson'

/** Writes one JSON object a line. */
export async function writeJsonLines(file: FileHandle, records: AsyncIterable<object>): Promise<void> {
  const lines = pipeline(Readable.from(records), ndjson.stringify(), () => {}) // a failure reaches the loop below
  for await (const line of lines) await file.appendFile(line)
}
