import {encodeRows, type EncodeRowsOptions, type EncodingReport} from '../data/encode-rows.js'
import {createEncoder, type EncoderOptions} from '../encoding/encoder.js'
import {loadTokenizer} from '../encoding/tokenizer/load.js'
import {PolarError} from '../errors.js'
import {resolveModel} from '../models/resolve.js'
import {abortable} from '../system/abortable.js'
import {writeOut} from './output.js'

export interface EncodeCommandOptions extends EncodeRowsOptions {
  readonly modelName: string
  readonly limits: EncoderOptions
  readonly warn: (message: string) => void
}

/** What `polar data encode` does: one JSON line a row on stdout. Throws ROW_INVALID at the end where a row could not be encoded. */
export async function encodeCommand({modelName, limits, warn, ...options}: EncodeCommandOptions): Promise<EncodingReport> {
  const {directory} = await resolveModel(modelName)
  const encoder = createEncoder(await loadTokenizer(directory), limits)
  const report = await printed(encodeRows(encoder, options), options.signal)
  const {rows, bad, firstBad, stray, firstStray} = report
  if (stray > 0) warn(`${stray} of ${rows} rows hold a live control token, which polar score refuses; the first is ${firstStray}`)
  if (bad > 0) {
    throw new PolarError('data', 'ROW_INVALID', `${bad} of ${rows} rows could not be encoded; the first: ${firstBad}`, {
      suggestions: ['mend these rows; each has its line with an "error" on stdout'],
      facts: {rows, bad},
    })
  }
  return report
}

/** Prints what comes as JSON lines. Standard input may never end; Ctrl-C must, so no wait for a row outlives `signal`. */
async function printed<T>(lines: AsyncGenerator<unknown, T>, signal: AbortSignal): Promise<T> {
  for (;;) {
    const next = await abortable(lines.next(), signal)
    if (next.done === true) return next.value
    await writeOut(`${JSON.stringify(next.value)}\n`)
  }
}
