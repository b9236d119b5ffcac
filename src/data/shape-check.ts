import type {Findings} from './finding.js'
import type {Scanner} from './json/scan.js'
import type {StreamItem} from './json/value-stream.js'
import {Flag, Kind} from './json/tape.js'
import {kindName, textAt} from './row-texts.js'
import type {RuleCode} from './rules/index.js'
import type {Seen} from './xtuner/load-prediction.js'
import {checkShape, type RowNodes, type ShapeFault} from './xtuner/row-shape.js'

const NAMES = ['prompt', 'reference', 'chosen', 'rejected'] as const

const flagRules: readonly (readonly [number, RuleCode])[] = [
  [Flag.DUPLICATE_KEY, 'DUPLICATE_KEY'],
  [Flag.LONE_SURROGATE, 'LONE_SURROGATE'],
  [Flag.CONTROL_CHARACTER, 'CONTROL_CHARACTER'],
  [Flag.TRAILING_COMMA, 'TRAILING_COMMA'],
  [Flag.ODD_NUMBER | Flag.TOO_BIG, 'NUMBER_INVALID'],
  [Flag.NOT_JSON, 'NAN'],
  [Flag.NUL_IN_KEY, 'NUL_IN_KEY'],
]

export interface ShapeResult {
  /** Whether the row has four texts for xtuner: lists of messages, or something empty in their place. */
  readonly hasTexts: boolean
  /** Lists that Python cannot iterate over, so that training hangs. */
  readonly hangs: boolean
  /** Lists that are `{}`. */
  readonly emptyObjects: readonly number[]
}

/** What is wrong with one value of the file as JSON and as a row. `parts` are those of the row on the scanner's tape. */
export function checkRowShape(item: StreamItem, scanner: Scanner, parts: RowNodes, seen: Seen, findings: Findings): ShapeResult {
  const {line} = item
  const {tape, flags} = scanner
  if (item.sharesLine) findings.add('ROWS_ON_ONE_LINE', line)
  if (scanner.lineFeeds + scanner.carriageReturns > 0) findings.add('ROW_OVER_LINES', line)
  if (!item.isUtf8) findings.add('NOT_UTF8', line)
  for (const [flag, code] of flagRules) {
    if ((flags & flag) === 0) continue
    let node = 0
    while (node < tape.length && ((tape.flags[node] ?? 0) & flag) === 0) node++
    findings.add(code, line, pointerOf(item, scanner, node))
  }
  if (seen.tooDeep) findings.add('TOO_DEEP', line)

  let hasTexts = item.isUtf8
  let hangs = false
  const emptyObjects: number[] = []
  checkShape(tape, parts, (fault, isEmpty) => {
    if (!isEmpty) {
      hangs = true
      hasTexts = false
    }
    if (isEmpty && fault.kind === Kind.OBJECT) emptyObjects.push(fault.list)
    findings.add(codeOf(fault), line, faultPointer(fault), faultMessage(fault))
  })
  if (seen.conflict !== undefined) {
    const {pointer, was, is} = seen.conflict
    findings.add('COLUMN_CHANGES_TYPE', line, pointer, `${kindName(is)} here, and ${kindName(was)} before in the same column`)
  }
  if (parts.extraKeys > 0) findings.add('EXTRA_KEYS', line)
  if (parts.wrapper !== -1 && tape.kind[parts.wrapper] !== Kind.NULL) {
    const isText = tape.kind[parts.wrapper] === Kind.STRING
    const wrapper = isText ? textAt(tape, item.bytes, parts.wrapper) : undefined
    if (wrapper !== 'sft' && wrapper !== 'pretrain') {
      const is = wrapper === undefined ? kindName(tape.kind[parts.wrapper] ?? Kind.NULL) : JSON.stringify(wrapper.slice(0, 40))
      findings.add('WRAPPER_UNKNOWN', line, '/wrapper', `the wrapper is ${is}; xtuner reads it as "sft"`)
    }
  }
  return {hasTexts, hangs, emptyObjects}
}

function codeOf({fault, kind}: ShapeFault): RuleCode {
  switch (fault) {
    case 'row':
      return 'ROW_NOT_OBJECT'
    case 'missing':
      return 'LIST_MISSING'
    case 'null':
      return 'LIST_NULL'
    case 'not-a-list':
      return kind === Kind.STRING ? 'STRING_FOR_LIST' : 'NOT_A_LIST'
    case 'not-a-message':
      return 'MESSAGE_INVALID'
    case 'no-content':
      return 'CONTENT_MISSING'
    case 'null-content':
      return 'CONTENT_NULL'
    case 'not-a-text':
      return 'CONTENT_NOT_TEXT'
  }
}

function faultPointer({fault, list, index}: ShapeFault): string {
  if (list === -1 || fault === 'missing') return ''
  const pointer = `/${NAMES[list] ?? ''}${index === -1 ? '' : `/${index}`}`
  return fault === 'null-content' || fault === 'not-a-text' ? `${pointer}/content` : pointer
}

function faultMessage({fault, list, kind}: ShapeFault): string {
  const name = NAMES[list] ?? ''
  switch (fault) {
    case 'row':
      return `the row is ${kindName(kind)}`
    case 'missing':
      return `the row has no ${name}`
    case 'null':
    case 'not-a-list':
      return `${name} is ${kindName(kind)}, not a list of messages`
    case 'not-a-message':
      return `${kindName(kind)} where a message is wanted`
    case 'no-content':
      return 'a message without content'
    case 'null-content':
    case 'not-a-text':
      return `the content is ${kindName(kind)}, not a text`
  }
}

/** JSON pointer of a node, found from the root. */
function pointerOf(item: StreamItem, {tape}: Scanner, target: number): string {
  let pointer = ''
  let node = 0
  while (node < target) {
    const end = tape.next[node] ?? 0
    const isObject = tape.kind[node] === Kind.OBJECT
    let child = node + 1
    let index = 0
    while (child < end) {
      const value = isObject ? child + 1 : child
      const next = tape.next[value] ?? end
      if (target < next) {
        pointer += `/${isObject ? textAt(tape, item.bytes, child).replaceAll('~', '~0').replaceAll('/', '~1') : index}`
        if (target === child) return pointer
        child = value
        break
      }
      child = next
      index++
    }
    if (child >= end) return pointer
    node = child
  }
  return pointer
}
