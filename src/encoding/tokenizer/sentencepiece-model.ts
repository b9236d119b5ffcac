/** What a `tokenizer.model` (SentencePiece `ModelProto`) says, as far as tokenizing needs it. */
export interface SentencePieceModel {
  readonly pieces: readonly string[]
  /** One score a piece: the higher, the earlier a merge that makes it. */
  readonly scores: Float32Array
  readonly algorithm: 'unigram' | 'bpe' | 'word' | 'char'
  readonly addDummyPrefix: boolean
  readonly removeExtraWhitespaces: boolean
  readonly escapeWhitespaces: boolean
  /** Name of the normaliser, and whether it has rules of its own. */
  readonly normalizer: {readonly name: string; readonly hasRules: boolean}
}

const algorithms = ['unigram', 'bpe', 'word', 'char'] as const

interface Field {
  readonly number: number
  /** Varints and fixed 32-bit values as they stand; for a field with a length, where it ends. */
  readonly value: number
  readonly start: number
}

/**
 * Reads a SentencePiece model; field numbers as in sentencepiece's `sentencepiece_model.proto`.
 * @throws {RangeError} where the bytes are not such a message
 */
export function parseSentencePieceModel(bytes: Uint8Array): SentencePieceModel {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  const pieces: string[] = []
  const scores: number[] = []
  let algorithm: SentencePieceModel['algorithm'] = 'unigram'
  let addDummyPrefix = true
  let removeExtraWhitespaces = true
  let escapeWhitespaces = true
  let name = ''
  let hasRules = false

  const readPiece = (start: number, end: number) => {
    let piece = ''
    let score = 0
    for (const field of fields(buffer, start, end)) {
      if (field.number === 1) piece = buffer.toString('utf8', field.start, field.value)
      else if (field.number === 2) score = buffer.readFloatLE(field.start)
    }
    pieces.push(piece)
    scores.push(score)
  }
  const readTrainer = (start: number, end: number) => {
    for (const field of fields(buffer, start, end)) {
      if (field.number === 3) algorithm = algorithms[field.value - 1] ?? malformed(`model type ${field.value}`)
    }
  }
  const readNormalizer = (start: number, end: number) => {
    for (const field of fields(buffer, start, end)) {
      if (field.number === 1) name = buffer.toString('utf8', field.start, field.value)
      else if (field.number === 2 || field.number === 6) hasRules ||= field.value > field.start
      else if (field.number === 3) addDummyPrefix = field.value !== 0
      else if (field.number === 4) removeExtraWhitespaces = field.value !== 0
      else if (field.number === 5) escapeWhitespaces = field.value !== 0
    }
  }
  for (const field of fields(buffer, 0, buffer.length)) {
    if (field.number === 1) readPiece(field.start, field.value)
    else if (field.number === 2) readTrainer(field.start, field.value)
    else if (field.number === 3) readNormalizer(field.start, field.value)
  }
  if (pieces.length === 0) malformed('no pieces')
  return {
    pieces,
    scores: Float32Array.from(scores),
    algorithm,
    addDummyPrefix,
    removeExtraWhitespaces,
    escapeWhitespaces,
    normalizer: {name, hasRules},
  }
}

/** Fields of the protobuf message at [start, end). */
function* fields(buffer: Buffer, start: number, end: number): Generator<Field, void, undefined> {
  let at = start
  const varint = () => {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = at < end ? buffer[at++] : undefined
      if (byte === undefined || scale > 2 ** 63) return malformed(`a number that does not end at byte ${at}`)
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }
  while (at < end) {
    const key = varint()
    const number = Math.floor(key / 8)
    const wire = key % 8
    const size =
      wire === 0 ? 0 : wire === 1 ? 8 : wire === 5 ? 4 : wire === 2 ? varint() : malformed(`wire type ${wire} at byte ${at}`)
    if (at + size > end) malformed(`a field that goes past the end at byte ${at}`)
    if (wire === 0) yield {number, value: varint(), start: at}
    else yield {number, value: at + size, start: at}
    at += size
  }
}

function malformed(what: string): never {
  throw new RangeError(`not a SentencePiece model: ${what}`)
}
