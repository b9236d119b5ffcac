import type {Scanner} from '../json/scan.js'
import type {Lines, StreamItem} from '../json/value-stream.js'
import type {RuleCode} from '../rules/index.js'
import type {RowNodes} from '../xtuner/row-shape.js'
import type {RowFile} from './json-lines-file.js'
import {mendRow, type ChangeCode} from './mend-row.js'

/** What a repair did to one row, or to the layout of the file. */
interface Change {
  readonly file: string
  /** 0 for the file as a whole. */
  readonly line: number
  /** Last line, where more than one was left out. */
  readonly toLine?: number
  readonly action: 'mended' | 'left out'
  readonly codes: readonly ChangeCode[]
}

export interface RepairReport {
  readonly output: string
  readonly written: number
  readonly mended: number
  readonly leftOut: number
  /** The first changes; all are counted. */
  readonly changes: readonly Change[]
  readonly counts: Readonly<Partial<Record<ChangeCode, {mended: number; leftOut: number}>>>
}

export interface RepairedFile {
  take(item: StreamItem, scanner: Scanner, parts: RowNodes): Promise<void>
  /** Notes lines in which there is no row to be had. */
  leaveOut(lines: Lines, code: RuleCode): void
  /** Notes what the mended file has otherwise, though it is in no row: not counted among the mended rows. */
  mendLayout(line: number, code: RuleCode): void
}

export interface Repair {
  /** The repair of one input file. */
  of(file: string): RepairedFile
  report(): RepairReport
}

/** Writes the rows that have a meaning to `output`, in canonical form, and keeps count of what it changed or left out. */
export function createRepair(output: string, rows: RowFile, maxChanges: number): Repair {
  const changes: Change[] = []
  const counts: Partial<Record<ChangeCode, {mended: number; leftOut: number}>> = {}
  const total = {written: 0, mended: 0, leftOut: 0}

  function note({file, action, codes, ...lines}: Change): void {
    for (const code of codes) {
      const count = (counts[code] ??= {mended: 0, leftOut: 0})
      count[action === 'mended' ? 'mended' : 'leftOut']++
    }
    if (changes.length < maxChanges) changes.push({file, ...lines, action, codes})
  }

  return {
    of: (file) => ({
      leaveOut({from, to}, code) {
        total.leftOut++
        note({file, line: from, ...(to > from && {toLine: to}), action: 'left out', codes: [code]})
      },
      mendLayout: (line, code) => note({file, line, action: 'mended', codes: [code]}),
      async take(item, scanner, parts) {
        const {line} = item
        const mended = item.isUtf8 ? mendRow(scanner.tape, item.bytes, parts, scanner.flags) : {leftOut: 'NOT_UTF8' as const}
        if ('leftOut' in mended) {
          total.leftOut++
          return note({file, line, action: 'left out', codes: [mended.leftOut]})
        }
        const layout: RuleCode[] = []
        if (item.sharesLine) layout.push('ROWS_ON_ONE_LINE')
        if (scanner.lineFeeds + scanner.carriageReturns > 0) layout.push('ROW_OVER_LINES')
        const codes = [...mended.changes, ...layout]
        if (codes.length > 0) {
          total.mended++
          note({file, line, action: 'mended', codes})
        }
        await rows.write(mended.row)
        total.written++
      },
    }),
    report: () => ({output, ...total, changes, counts}),
  }
}
