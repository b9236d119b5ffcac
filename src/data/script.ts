/** Scripts that are told apart; enough to see an English answer to a Chinese question, not a Dutch one to a German. */
export type Script = (typeof SCRIPTS)[number]

const SCRIPTS = ['Latin', 'Han', 'Kana', 'Hangul', 'Cyrillic', 'Arabic', 'Hebrew', 'Greek', 'Devanagari', 'Thai'] as const
const [LATIN, HAN, KANA, HANGUL, CYRILLIC, ARABIC, HEBREW, GREEK, DEVANAGARI, THAI, NONE] = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10]

const SAMPLE = 320
const LEAST_LETTERS = 8
const CLEAR_SHARE = 0.6

/** Script by the first byte of a character in UTF-8, where that tells it. */
const BY_LEAD = Uint8Array.from({length: 256}, (_, byte) => scriptOfLead(byte))

/** Script of most letters of a text, from its first UTF-8 bytes; undefined where there are few letters or no script prevails. */
export function scriptOf(bytes: Uint8Array, from = 0, to = bytes.length): Script | undefined {
  const counts = new Int32Array(SCRIPTS.length + 1)
  const end = Math.min(to, from + SAMPLE)
  for (let i = from; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte === 0x5c) i++ // an escape is no letter
    else if (byte !== 0xe0 && byte !== 0xe3) bump(counts, BY_LEAD[byte] ?? NONE)
    else bump(counts, scriptOfTwo(byte, bytes[i + 1] ?? 0))
  }
  // A Chinese character says about as much as two letters; Japanese mixes Chinese characters with its own.
  const han = (counts[HAN] ?? 0) * 2
  const kana = counts[KANA] ?? 0
  counts[HAN] = kana > 0 ? 0 : han
  if (kana > 0) counts[KANA] = kana + han
  let letters = 0
  for (let script = 0; script < SCRIPTS.length; script++) letters += counts[script] ?? 0
  if (letters < LEAST_LETTERS) return undefined
  for (let script = 0; script < SCRIPTS.length; script++)
    if ((counts[script] ?? 0) >= letters * CLEAR_SHARE) return SCRIPTS[script]
  return undefined
}

function bump(counts: Int32Array, script: number): void {
  counts[script] = (counts[script] ?? 0) + 1
}

function scriptOfLead(lead: number): number {
  if (((lead | 0x20) >= 0x61 && (lead | 0x20) <= 0x7a) || (lead >= 0xc3 && lead <= 0xc9)) return LATIN
  if (lead === 0xce || lead === 0xcf) return GREEK
  if (lead >= 0xd0 && lead <= 0xd3) return CYRILLIC
  if (lead === 0xd6 || lead === 0xd7) return HEBREW
  if (lead >= 0xd8 && lead <= 0xdb) return ARABIC
  if (lead === 0xe1) return LATIN // Vietnamese, mostly
  if (lead >= 0xe4 && lead <= 0xe9) return HAN
  if (lead >= 0xea && lead <= 0xed) return HANGUL
  return NONE
}

/** The two first bytes that several scripts share. */
function scriptOfTwo(lead: number, second: number): number {
  if (lead === 0xe0) return second === 0xa4 || second === 0xa5 ? DEVANAGARI : second === 0xb8 || second === 0xb9 ? THAI : NONE
  return second >= 0x81 && second <= 0x83 ? KANA : second >= 0x90 ? HAN : NONE
}
