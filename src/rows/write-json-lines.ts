import type {FileHandle} from 'node:fs/promises'
import {Readable} from 'node:stream'
import {pipeline} from 'node:stream/promises'
import ndjson from 'ndjson'

/** Writes one JSON object a line. */
export async function writeJsonLines(file: FileHandle, records: Iterable<object> | AsyncIterable<object>): Promise<void> {
  await pipeline(Readable.from(records), ndjson.stringify(), file.createWriteStream({autoClose: false}))
}
