/** Kinds of JSON values, as Arrow's reader tells them apart. */
export const Kind = {NULL: 0, BOOLEAN: 1, NUMBER: 2, STRING: 3, LIST: 4, OBJECT: 5, KEY: 6} as const

/** What is odd about one value. A flag that Arrow refuses, and one that only pandas refuses, is told apart by {@link ARROW_REFUSES}. */
export const Flag = {
  /** A string that holds a backslash. */
  ESCAPED: 1,
  LONE_SURROGATE: 2,
  CONTROL_CHARACTER: 4,
  /** `01`, `1.`, `1e`, `-`: numbers that pandas reads though JSON has no such. */
  ODD_NUMBER: 8,
  /** An exponent beyond double. */
  TOO_BIG: 16,
  TRAILING_COMMA: 32,
  DUPLICATE_KEY: 64,
  /** `-NaN`, `Inf`, an integer beyond 64 bits: Arrow reads them, pandas does not. */
  NOT_FOR_PANDAS: 128,
  /** `NaN`, `Infinity`: read by both, and no JSON all the same. */
  NOT_JSON: 256,
  /** A key with U+0000 in it, on which the writer of Arrow's tables fails. */
  NUL_IN_KEY: 512,
  /** An escape that another writer would spell otherwise (`\\uXXXX`, `\\/`): equal texts may then differ in their bytes. */
  RESPELLED: 1024,
} as const

/** Flags of values that stop Arrow's JSON reader. */
export const ARROW_REFUSES =
  Flag.LONE_SURROGATE |
  Flag.CONTROL_CHARACTER |
  Flag.ODD_NUMBER |
  Flag.TOO_BIG |
  Flag.TRAILING_COMMA |
  Flag.DUPLICATE_KEY |
  Flag.NUL_IN_KEY

/** Keys that have a meaning to POLAR, by number, so that nobody compares their texts twice. 0 is any other key. */
export const KNOWN_KEYS = ['', 'prompt', 'reference', 'chosen', 'rejected', 'wrapper', 'role', 'content', 'output'] as const
export const Key = {
  OTHER: 0,
  PROMPT: 1,
  REFERENCE: 2,
  CHOSEN: 3,
  REJECTED: 4,
  WRAPPER: 5,
  ROLE: 6,
  CONTENT: 7,
  OUTPUT: 8,
} as const

/**
 * One JSON value as a flat list of nodes in document order: what a scanner makes and rules read, without a JavaScript value for
 * each. A member of an object is a KEY node and the value's node. Positions are those in the scanned bytes; a string's are inside
 * its quotes. A scanner in another language (SIMD) need only fill these arrays.
 */
export interface Tape {
  length: number
  kind: Uint8Array
  start: Int32Array
  end: Int32Array
  /** Index of the node behind this one and everything in it. */
  next: Int32Array
  flags: Uint16Array
  /** Number of the key in {@link KNOWN_KEYS}, for KEY nodes. */
  key: Uint8Array
}

export function createTape(capacity = 256): Tape {
  return {
    length: 0,
    kind: new Uint8Array(capacity),
    start: new Int32Array(capacity),
    end: new Int32Array(capacity),
    next: new Int32Array(capacity),
    flags: new Uint16Array(capacity),
    key: new Uint8Array(capacity),
  }
}

/** Makes room for more nodes. */
export function growTape(tape: Tape): void {
  const bigger = createTape(tape.kind.length * 2)
  bigger.kind.set(tape.kind)
  bigger.start.set(tape.start)
  bigger.end.set(tape.end)
  bigger.next.set(tape.next)
  bigger.flags.set(tape.flags)
  bigger.key.set(tape.key)
  Object.assign(tape, bigger, {length: tape.length})
}
