/** Texts of all pieces in one array of UTF-16 code units: 92,544 strings would take longer to make than most runs use them. */
export interface PieceTexts {
  readonly size: number
  readonly units: Uint16Array
  /** Piece `id` is at [starts[id], starts[id + 1]). */
  readonly starts: Int32Array
  text(id: number): string
}

export interface PieceTextsBuilder {
  append(text: string): void
  /** Appends a piece from its UTF-8 bytes at [start, end). */
  appendUtf8(bytes: Buffer, start: number, end: number): void
  done(): PieceTexts
}

export function buildPieceTexts(): PieceTextsBuilder {
  let units = new Uint16Array(1 << 20)
  let starts = new Int32Array(1 << 17)
  let size = 0
  let length = 0

  const reserve = (more: number) => {
    if (length + more > units.length) units = widened(units, new Uint16Array(Math.max(units.length * 2, length + more)))
    if (size + 2 > starts.length) starts = widened(starts, new Int32Array(starts.length * 2))
  }
  const append = (text: string) => {
    reserve(text.length)
    for (let at = 0; at < text.length; at++) units[length++] = text.charCodeAt(at)
    starts[++size] = length
  }
  return {
    append,
    appendUtf8(bytes, start, end) {
      reserve(end - start)
      for (let at = start; at < end;) {
        const lead = bytes[at++] ?? 0
        if (lead < 0x80) {
          units[length++] = lead
          continue
        }
        let code = lead < 0xe0 ? lead & 0x1f : lead < 0xf0 ? lead & 0x0f : lead & 0x07
        for (let more = lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3; more > 0; more--) code = (code << 6) | ((bytes[at++] ?? 0) & 0x3f)
        if (code >= 0x10000) units[length++] = 0xd7c0 + (code >> 10)
        units[length++] = code >= 0x10000 ? 0xdc00 | (code & 0x3ff) : code
      }
      starts[++size] = length
    },
    done: () => ({
      size,
      units,
      starts,
      text: (id) => String.fromCharCode(...units.subarray(starts[id], starts[id + 1])),
    }),
  }
}

function widened<T extends Uint16Array | Int32Array>(from: T, to: T): T {
  to.set(from)
  return to
}
