import {decodeText} from './json/scan-string.js'
import {Flag, Kind, type Tape} from './json/tape.js'
import {contentOf} from './xtuner/row-shape.js'

/** Nodes of the contents of a list of messages, all of which are known to be texts. */
export function contentNodes(tape: Tape, list: number): number[] {
  const nodes: number[] = []
  const end = tape.next[list] ?? 0
  for (let message = list + 1; message < end; message = tape.next[message] ?? end) nodes.push(contentOf(tape, message))
  return nodes
}

/** Text of a string node. */
export function textAt(tape: Tape, bytes: Uint8Array, node: number): string {
  return decodeText(bytes, tape.start[node] ?? 0, tape.end[node] ?? 0)
}

/** The messages' contents joined by line breaks, as xtuner reads them. */
export function listText(tape: Tape, bytes: Uint8Array, contents: readonly number[]): string {
  return contents.map((node) => textAt(tape, bytes, node)).join('\n')
}

/** Bytes that stand for the text: the same for equal texts, whoever wrote them. */
export function canonicalBytes(tape: Tape, bytes: Buffer, contents: readonly number[]): Buffer {
  const [only = -1] = contents
  if (contents.length === 1 && !isRespelled(tape, only)) return bytes.subarray(tape.start[only], tape.end[only])
  return Buffer.concat(
    contents.flatMap((node, i) => [
      ...(i === 0 ? [] : [Buffer.from('\\n')]),
      isRespelled(tape, node)
        ? Buffer.from(JSON.stringify(textAt(tape, bytes, node)).slice(1, -1))
        : bytes.subarray(tape.start[node], tape.end[node]),
    ]),
  )
}

function isRespelled(tape: Tape, node: number): boolean {
  return ((tape.flags[node] ?? 0) & (Flag.RESPELLED | Flag.CONTROL_CHARACTER)) !== 0
}

/** Value of a scalar node that is no text: only for messages to people. */
export function kindName(kind: number): string {
  const names: Readonly<Record<number, string>> = {
    [Kind.NULL]: 'null',
    [Kind.BOOLEAN]: 'a boolean',
    [Kind.NUMBER]: 'a number',
    [Kind.STRING]: 'a text',
    [Kind.LIST]: 'a list',
    [Kind.OBJECT]: 'an object',
  }
  return names[kind] ?? 'nothing'
}
