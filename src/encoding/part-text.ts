import {PolarError} from '../errors.js'
import type {Row} from '../rows/row.js'
import type {RowPart} from './encoded-input.js'

/**
 * Text of one part of a row: the string itself, or the messages' contents joined by line breaks.
 * Throws ROW_INVALID with the JSON pointer of what is no text, or of a text with half a surrogate pair.
 */
export function partText(row: Row, part: RowPart): string {
  // Callers without types can pass anything, and a wrong shape must not become the text "undefined".
  const value: unknown = row[part]
  if (typeof value === 'string') return wellFormed(value, `/${part}`)
  if (!Array.isArray(value)) {
    return refuse(`/${part}`, value === undefined ? 'is missing' : `is ${kindOf(value)}, not a text or a list of messages`)
  }
  const contents = value.map((message: unknown, index) => {
    if (typeof message !== 'object' || message === null || Array.isArray(message)) {
      return refuse(`/${part}/${index}`, `is ${kindOf(message)}, not a message`)
    }
    const content: unknown = 'content' in message ? message.content : undefined
    const pointer = `/${part}/${index}/content`
    if (typeof content === 'string') return wellFormed(content, pointer)
    return refuse(pointer, content === undefined ? 'is missing' : `is ${kindOf(content)}, not a text`)
  })
  return contents.join('\n')
}

function wellFormed(text: string, pointer: string): string {
  return text.isWellFormed() ? text : refuse(pointer, 'holds half of a surrogate pair, which is no character')
}

function kindOf(value: unknown): string {
  if (value === null) return 'null'
  return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`
}

function refuse(pointer: string, what: string): never {
  throw new PolarError('data', 'ROW_INVALID', `${pointer} ${what}`, {
    suggestions: [`mend ${pointer} of this row: a text, or a list of messages with text as their content`],
    facts: {pointer},
  })
}
