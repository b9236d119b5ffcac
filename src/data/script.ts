/** Scripts that are told apart; enough to see an English answer to a Chinese question, not a Dutch one to a German. */
export type Script = 'Latin' | 'Han' | 'Kana' | 'Hangul' | 'Cyrillic' | 'Arabic' | 'Hebrew' | 'Greek' | 'Devanagari' | 'Thai'

const SAMPLE = 512
const LEAST_LETTERS = 8
const CLEAR_SHARE = 0.6

/** Script of most letters of a text, from its first UTF-8 bytes; undefined where there are few letters or no script prevails. */
export function scriptOf(bytes: Uint8Array): Script | undefined {
  const counts: Record<Script, number> = {
    Latin: 0,
    Han: 0,
    Kana: 0,
    Hangul: 0,
    Cyrillic: 0,
    Arabic: 0,
    Hebrew: 0,
    Greek: 0,
    Devanagari: 0,
    Thai: 0,
  }
  let letters = 0
  const end = Math.min(bytes.length, SAMPLE)
  for (let i = 0; i < end; i++) {
    const byte = bytes[i] ?? 0
    if (byte === 0x5c) i++ // an escape is no letter
    const script = byte < 0x80 ? (isAsciiLetter(byte) && bytes[i] === byte ? 'Latin' : undefined) : scriptOfLead(byte, bytes[i + 1] ?? 0)
    if (script === undefined) continue
    // A Chinese character says about as much as two letters; a Latin word in a Chinese text weighs less then.
    const weight = script === 'Han' ? 2 : 1
    counts[script] += weight
    letters += weight
  }
  // Japanese mixes both.
  if (counts.Kana > 0) {
    counts.Kana += counts.Han
    counts.Han = 0
  }
  if (letters < LEAST_LETTERS) return undefined
  for (const script of SCRIPTS) if (counts[script] >= letters * CLEAR_SHARE) return script
  return undefined
}

const SCRIPTS: readonly Script[] = ['Latin', 'Han', 'Kana', 'Hangul', 'Cyrillic', 'Arabic', 'Hebrew', 'Greek', 'Devanagari', 'Thai']

function isAsciiLetter(byte: number): boolean {
  return (byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a
}

/** By the lead byte of UTF-8 and the one behind it. */
function scriptOfLead(lead: number, second: number): Script | undefined {
  if (lead >= 0xc3 && lead <= 0xc9) return 'Latin'
  if (lead === 0xce || lead === 0xcf) return 'Greek'
  if (lead >= 0xd0 && lead <= 0xd3) return 'Cyrillic'
  if (lead === 0xd6 || lead === 0xd7) return 'Hebrew'
  if (lead >= 0xd8 && lead <= 0xdb) return 'Arabic'
  if (lead === 0xe0) return second === 0xa4 || second === 0xa5 ? 'Devanagari' : second === 0xb8 || second === 0xb9 ? 'Thai' : undefined
  if (lead === 0xe1) return second >= 0xb8 && second <= 0xbb ? 'Latin' : undefined
  if (lead === 0xe3) return second >= 0x81 && second <= 0x83 ? 'Kana' : second >= 0x90 ? 'Han' : undefined
  if (lead >= 0xe4 && lead <= 0xe9) return 'Han'
  if (lead >= 0xea && lead <= 0xed) return 'Hangul'
  return undefined
}
