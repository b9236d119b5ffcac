/** Pieces and how single characters enter BPE. */
export interface Vocabulary {
  /** Text of each id. */
  readonly pieces: readonly string[]
  /** Id of each text; the last of equal texts. */
  readonly ids: ReadonlyMap<string, number>
  /** Id of the piece that is this one UTF-16 code unit, or -1. */
  readonly unitIds: Int32Array
  /** Ids of the pieces `<0x00>` … `<0xFF>`, -1 where one is missing. */
  readonly byteIds: Int32Array
}

export function createVocabulary(pieces: readonly string[]): Vocabulary {
  const ids = new Map<string, number>()
  const unitIds = new Int32Array(65_536).fill(-1)
  for (let id = 0; id < pieces.length; id++) {
    const piece = pieces[id] ?? ''
    ids.set(piece, id)
    if (piece.length === 1) unitIds[piece.charCodeAt(0)] = id
  }
  const byteIds = Int32Array.from({length: 256}, (_, byte) => ids.get(byteText(byte)) ?? -1)
  return {pieces, ids, unitIds, byteIds}
}

/** Text of the piece that stands for one byte of a character outside the vocabulary. */
export function byteText(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`
}

/** The byte that `piece` stands for when decoded, or -1. */
export function byteOfText(piece: string): number {
  return piece.length === 6 && /^<0x[\da-fA-F]{2}>$/.test(piece) ? Number.parseInt(piece.slice(3, 5), 16) : -1
}
