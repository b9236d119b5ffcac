/** What a `tokenizer.model` (SentencePiece `ModelProto`) says, as far as tokenizing needs it. */
export interface SentencePieceModel {
  readonly bytes: Buffer
  /** Where the UTF-8 text of piece `id` lies in `bytes`: [ranges[2 id], ranges[2 id + 1]). */
  readonly ranges: Int32Array
  /** One score a piece: the higher, the earlier a merge that makes it. */
  readonly scores: Float32Array
  readonly algorithm: 'unigram' | 'bpe' | 'word' | 'char'
  readonly addDummyPrefix: boolean
  readonly removeExtraWhitespaces: boolean
  readonly escapeWhitespaces: boolean
  /** Name of the normaliser, and whether it has rules of its own. */
  readonly normalizer: {readonly name: string; readonly hasRules: boolean}
}

const ALGORITHMS = ['unigram', 'bpe', 'word', 'char'] as const

/**
 * Reads a SentencePiece model; field numbers and defaults as in sentencepiece's `sentencepiece_model.proto`.
 * Throws a RangeError where the bytes are not such a message.
 */
export function parseSentencePieceModel(bytes: Buffer): SentencePieceModel {
  // A piece takes at least two bytes.
  const ranges = new Int32Array(bytes.length)
  const scores = new Float32Array(bytes.length >> 1)
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let count = 0
  let algorithm: SentencePieceModel['algorithm'] = 'unigram'
  let addDummyPrefix = true
  let removeExtraWhitespaces = true
  let escapeWhitespaces = true
  let name = ''
  let hasRules = false

  const onPiece = (number: number, value: number, start: number) => {
    if (number === 1) {
      ranges[count * 2] = start
      ranges[count * 2 + 1] = value
    } else if (number === 2) {
      scores[count] = view.getFloat32(start, true)
    }
  }
  const onTrainer = (number: number, value: number) => {
    if (number === 3) algorithm = ALGORITHMS[value - 1] ?? malformed(`model type ${value}`)
  }
  const onNormalizer = (number: number, value: number, start: number) => {
    if (number === 1) name = bytes.toString('utf8', start, value)
    else if (number === 2 || number === 6) hasRules ||= value > start
    else if (number === 3) addDummyPrefix = value !== 0
    else if (number === 4) removeExtraWhitespaces = value !== 0
    else if (number === 5) escapeWhitespaces = value !== 0
  }
  readFields(bytes, 0, bytes.length, (number, value, start) => {
    if (number === 1) {
      readFields(bytes, start, value, onPiece)
      count++
    } else if (number === 2) {
      readFields(bytes, start, value, onTrainer)
    } else if (number === 3) {
      readFields(bytes, start, value, onNormalizer)
    }
  })
  if (count === 0) malformed('it has no pieces')
  return {
    bytes,
    ranges,
    scores: scores.slice(0, count),
    algorithm,
    addDummyPrefix,
    removeExtraWhitespaces,
    escapeWhitespaces,
    normalizer: {name, hasRules},
  }
}

/** A field: its value where it is a varint, else where it ends; and where its bytes start. */
type OnField = (number: number, value: number, start: number) => void

/** Calls `onField` for every field of the protobuf message at [start, end). */
function readFields(bytes: Buffer, start: number, end: number, onField: OnField): void {
  let at = start
  const varint = (): number => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      if (at >= end || scale > 2 ** 63) return malformed(`a number does not end at byte ${at}`)
      const byte = bytes[at++] ?? 0
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < end) {
    const key = varint()
    const number = Math.floor(key / 8)
    const wire = key % 8
    if (wire === 0) {
      const value = varint()
      onField(number, value, at)
      continue
    }
    const size = wire === 2 ? varint() : wire === 5 ? 4 : wire === 1 ? 8 : malformed(`wire type ${wire} at byte ${at}`)
    if (at + size > end) malformed(`a field goes past the end at byte ${at}`)
    onField(number, at + size, at)
    at += size
  }
}

function malformed(what: string): never {
  throw new RangeError(`no SentencePiece model: ${what}`)
}
