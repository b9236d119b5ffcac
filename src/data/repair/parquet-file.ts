import type {FileHandle} from 'node:fs/promises'
import {ByteWriter, ParquetWriter, type SchemaElement} from 'hyparquet-writer'
import type {RowFile} from './json-lines-file.js'
import type {PreferenceRow} from './preference-row.js'

const LISTS = ['prompt', 'reference', 'chosen', 'rejected'] as const
/** Characters of text in a row group, at most about: what is held in memory. */
const GROUP = 8 << 20

/**
 * Rows as Parquet with a fixed type, so that nobody infers one: four lists of structs of two strings, and a string. Fed to xtuner by
 * `path="parquet"` (facts/xtuner.md §1).
 */
export function parquetFile(file: FileHandle): RowFile {
  const bytes = new ByteWriter()
  const writer = Object.assign(bytes, {
    /** What is encoded goes to the file, so that only one row group is ever held. */
    async flush() {
      const encoded = bytes.getBytes()
      for (let at = 0; at < encoded.length;) at += (await file.write(encoded, at)).bytesWritten
      bytes.index = 0
    },
  })
  const parquet = new ParquetWriter({writer, schema: SCHEMA, statistics: false, createdBy: 'polar-rm'})
  let rows: PreferenceRow[] = []
  let size = 0

  async function writeGroup(): Promise<void> {
    if (rows.length === 0) return
    const group = rows
    rows = []
    size = 0
    await parquet.write({
      columnData: [
        ...LISTS.map((name) => ({name, data: group.map((row) => row[name])})),
        {name: 'wrapper', data: group.map((row) => row.wrapper)},
      ],
      rowGroupSize: group.length,
    })
  }

  return {
    async write(row) {
      rows.push(row)
      for (const name of LISTS) for (const {content} of row[name]) size += content.length
      if (size >= GROUP || rows.length >= 10_000) await writeGroup()
    },
    async end() {
      await writeGroup()
      await parquet.finish()
      await writer.flush()
    },
  }
}

const text = (name: string): SchemaElement => ({
  name,
  type: 'BYTE_ARRAY',
  converted_type: 'UTF8',
  logical_type: {type: 'STRING'},
  repetition_type: 'OPTIONAL',
})

const SCHEMA: SchemaElement[] = [
  {name: 'root', num_children: LISTS.length + 1},
  ...LISTS.flatMap((name): SchemaElement[] => [
    {name, repetition_type: 'OPTIONAL', num_children: 1, converted_type: 'LIST', logical_type: {type: 'LIST'}},
    {name: 'list', repetition_type: 'REPEATED', num_children: 1},
    {name: 'element', repetition_type: 'OPTIONAL', num_children: 2},
    text('role'),
    text('content'),
  ]),
  text('wrapper'),
]
