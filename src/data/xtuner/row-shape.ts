import {Key, Kind, type Tape} from '../json/tape.js'

/** The lists of messages of a preference row, in the order in which xtuner reads them. */
export const LISTS = [Key.PROMPT, Key.REFERENCE, Key.CHOSEN, Key.REJECTED] as const

/** Where the parts of one row stand on its tape; -1 for a key that is not there. */
export interface RowNodes {
  readonly lists: Int32Array
  wrapper: number
  /** How many keys have no meaning. */
  extraKeys: number
}

/** A value on which xtuner's `tokenize_ref` raises, so that training hangs. */
export interface ShapeFault {
  readonly fault: 'row' | 'missing' | 'null' | 'not-a-list' | 'not-a-message' | 'no-content' | 'null-content' | 'not-a-text'
  readonly list: number
  /** Message in the list, or -1. */
  readonly index: number
  /** Kind of the value that is there. */
  readonly kind: number
}

export function createRowNodes(): RowNodes {
  return {lists: new Int32Array(4), wrapper: -1, extraKeys: 0}
}

/** Finds the parts of the row at node 0. Of a key that stands twice the last counts, as in Python. */
export function findParts(tape: Tape, parts: RowNodes): void {
  parts.lists.fill(-1)
  parts.wrapper = -1
  parts.extraKeys = 0
  if (tape.kind[0] !== Kind.OBJECT) return
  const end = tape.next[0] ?? 0
  for (let key = 1; key < end; key = tape.next[key + 1] ?? end) {
    const number = tape.key[key] ?? Key.OTHER
    if (number >= Key.PROMPT && number <= Key.REJECTED) parts.lists[number - 1] = key + 1
    else if (number === Key.WRAPPER) parts.wrapper = key + 1
    else parts.extraKeys++
  }
}

/** Node of a message's content, or -1. */
export function contentOf(tape: Tape, message: number): number {
  let found = -1
  const end = tape.next[message] ?? 0
  for (let key = message + 1; key < end; key = tape.next[key + 1] ?? end) if (tape.key[key] === Key.CONTENT) found = key + 1
  return found
}

/**
 * What a row lacks to be four lists of messages with texts. Facts: facts/xtuner.md §6. `onFault` hears each; a list that is an empty text or
 * an empty object hangs nothing (Python iterates over nothing), so `isEmpty` tells it apart.
 */
export function checkShape(tape: Tape, parts: RowNodes, onFault: (fault: ShapeFault, isEmpty: boolean) => void): void {
  if (tape.kind[0] !== Kind.OBJECT) {
    onFault({fault: 'row', list: -1, index: -1, kind: tape.kind[0] ?? Kind.NULL}, false)
    return
  }
  for (let list = 0; list < 4; list++) {
    const node = parts.lists[list] ?? -1
    const kind = node === -1 ? Kind.NULL : (tape.kind[node] ?? Kind.NULL)
    if (node === -1) onFault({fault: 'missing', list, index: -1, kind}, false)
    else if (kind === Kind.NULL) onFault({fault: 'null', list, index: -1, kind}, false)
    else if (kind !== Kind.LIST) {
      const isEmpty =
        (kind === Kind.STRING && tape.start[node] === tape.end[node]) || (kind === Kind.OBJECT && tape.next[node] === node + 1)
      onFault({fault: 'not-a-list', list, index: -1, kind}, isEmpty)
    } else {
      const end = tape.next[node] ?? 0
      for (let index = 0, message = node + 1; message < end; message = tape.next[message] ?? end, index++) {
        const messageKind = tape.kind[message] ?? Kind.NULL
        if (messageKind !== Kind.OBJECT) {
          onFault({fault: 'not-a-message', list, index, kind: messageKind}, false)
          continue
        }
        const content = contentOf(tape, message)
        const contentKind = content === -1 ? Kind.NULL : (tape.kind[content] ?? Kind.NULL)
        if (contentKind === Kind.STRING) continue
        const fault = content === -1 ? 'no-content' : contentKind === Kind.NULL ? 'null-content' : 'not-a-text'
        onFault({fault, list, index, kind: contentKind}, false)
      }
    }
  }
}
