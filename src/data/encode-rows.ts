import type {RowPart} from '../encoding/encoded-input.js'
import type {Encoder} from '../encoding/encoder.js'
import {PolarError} from '../errors.js'
import {parseRow, type RowKeys} from '../rows/parse-row.js'
import {atPlace, place, type RawRow} from '../rows/raw-row.js'
import {readRows} from '../rows/read-rows.js'

/** What a reward model would be given for one row, or for one candidate of a group. */
export interface EncodedLine {
  /** Only where there are several input files. */
  readonly file?: string
  readonly line: number
  /** Index in a group of candidates. */
  readonly candidate?: number
  readonly text: string
  readonly ids?: readonly number[]
  /** Parts that were too long, where there are any. */
  readonly cut?: readonly RowPart[]
}

/** A row that cannot be encoded. */
export interface BadLine {
  readonly file?: string
  readonly line: number
  readonly error: {readonly code: string; readonly message: string}
}

/** How many rows went in, and which of them deserve a word at the end. */
export interface EncodingReport {
  readonly rows: number
  readonly bad: number
  /** Rows whose text holds a control token that POLAR's format did not put there. */
  readonly stray: number
  /** `file:line: …` of the first of each. */
  readonly firstBad?: string
  readonly firstStray?: string
}

export interface EncodeRowsOptions {
  readonly files: readonly string[]
  readonly keys: RowKeys
  /** Whether the token ids are wanted too. */
  readonly tokens: boolean
  readonly signal: AbortSignal
}

/** Encodes the rows of files as a scoring run would, in order, one object a row or candidate; returns the counts. */
export async function* encodeRows(
  encoder: Encoder,
  {files, keys, tokens, signal}: EncodeRowsOptions,
): AsyncGenerator<EncodedLine | BadLine, EncodingReport> {
  const counts = {rows: 0, bad: 0, stray: 0}
  let firstBad: string | undefined
  let firstStray: string | undefined
  for await (const rows of readRows(files, {signal})) {
    for (const raw of rows) {
      signal.throwIfAborted()
      counts.rows += 1
      const where = {...(files.length > 1 ? {file: raw.file} : {}), line: raw.line}
      try {
        const row = encodeOne(raw, encoder, keys)
        const stray = row.inputs.flatMap((input) => input.strayControlTokens)
        if (stray.length > 0) {
          counts.stray += 1
          firstStray ??= `${place(raw)}: ${stray.join(', ')}`
        }
        for (const [index, {text, ids, cut}] of row.inputs.entries()) {
          yield {
            ...where,
            ...(row.isGroup ? {candidate: index} : {}),
            text,
            ...(tokens ? {ids: [...ids]} : {}),
            ...(cut.length > 0 ? {cut} : {}),
          }
        }
      } catch (error) {
        if (!(error instanceof PolarError)) throw error
        counts.bad += 1
        const message = atPlace(raw, error.message)
        firstBad ??= message
        yield {...where, error: {code: error.code, message}}
      }
    }
  }
  return {...counts, ...(firstBad === undefined ? {} : {firstBad}), ...(firstStray === undefined ? {} : {firstStray})}
}

function encodeOne(raw: RawRow, encoder: Encoder, keys: RowKeys) {
  const {prompt, reference, outputs, wrapper, isGroup} = parseRow(raw, keys)
  return {isGroup, inputs: outputs.map((output) => encoder.encode({prompt, reference, output, wrapper}))}
}
