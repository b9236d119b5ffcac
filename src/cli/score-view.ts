import {place} from '../rows/raw-row.js'
import type {Trajectory} from '../rows/row.js'
import {resultLine} from '../scoring/result-line.js'
import type {ScoredRow} from '../scoring/score-window.js'
import {writeOut} from './output.js'
import {table, truncate, type Column} from './table.js'

/** Shows scored rows where no output file was asked for. */
export interface ScoreView {
  add(rows: readonly ScoredRow[]): Promise<void>
  /** Shows what was kept back. */
  end(): Promise<void>
}

export interface ScoreViewOptions {
  /** Rank candidates under each prompt and reference, best first; shown at the end. */
  readonly sort: boolean
  readonly rewardKey: string
  readonly rewardsOnly: boolean
  readonly replaceReward: boolean
  /** Name the file beside the line. */
  readonly severalFiles: boolean
}

/** JSON lines for a pipe: the rows with their rewards, in input order, or ranked. */
export function jsonLinesView(options: ScoreViewOptions): ScoreView {
  const format = {...options, keepFailed: false}
  const show = async (rows: readonly ScoredRow[]): Promise<void> => {
    const lines = rows.flatMap(({raw, reward}) => (reward === undefined ? [] : (resultLine(raw, {reward}, format) ?? [])))
    await writeOut(lines.map((line) => `${line.toString('utf8')}\n`).join(''))
  }
  if (!options.sort) return {add: show, end: async () => {}}
  const kept: ScoredRow[] = []
  return {
    async add(rows) {
      kept.push(...rows)
    },
    end: () => show(byPrompt(kept.flatMap(scoredOnly)).flatMap(({rows}) => rank(rows, ({reward}) => best(reward)))),
  }
}

/** A table for a terminal, one line a candidate; ranked under each prompt where that is wanted. */
export function tableView(options: ScoreViewOptions, width: number): ScoreView {
  let isFirst = true
  const kept: ScoredRow[] = []
  const print = async (rows: readonly Scored[], heading?: string): Promise<void> => {
    const lines = rows.flatMap((row) => candidates(row, options.severalFiles))
    if (lines.length === 0) return
    const ordered = options.sort ? rank(lines, ({reward}) => reward) : lines
    await writeOut(
      `${isFirst ? '' : '\n'}${heading === undefined ? '' : `${truncate(heading, width)}\n`}${candidateTable(ordered, width)}`,
    )
    isFirst = false
  }
  return {
    async add(rows) {
      if (options.sort) kept.push(...rows)
      else await print(rows.flatMap(scoredOnly))
    },
    async end() {
      for (const {rows, prompt} of byPrompt(kept.flatMap(scoredOnly))) await print(rows, prompt)
    },
  }
}

type Scored = ScoredRow & Required<Pick<ScoredRow, 'parsed' | 'reward'>>

function scoredOnly(row: ScoredRow): Scored[] {
  const {raw, parsed, reward} = row
  return parsed === undefined || reward === undefined ? [] : [{raw, parsed, reward}]
}

interface PromptGroup {
  readonly prompt: string
  readonly rows: Scored[]
}

/** Rows that share prompt and reference, in the order in which these first came. */
function byPrompt(rows: readonly Scored[]): PromptGroup[] {
  const groups = new Map<string, PromptGroup>()
  for (const row of rows) {
    const prompt = textOf(row.parsed.prompt)
    const key = JSON.stringify([prompt, textOf(row.parsed.reference)])
    const group = groups.get(key) ?? {prompt: prompt.replaceAll(/\s+/g, ' '), rows: []}
    group.rows.push(row)
    groups.set(key, group)
  }
  return [...groups.values()]
}

/** Best first; equal ones as they came. */
function rank<T>(items: readonly T[], rewardOf: (item: T) => number): T[] {
  return items.toSorted((a, b) => rewardOf(b) - rewardOf(a))
}

function best(reward: number | number[]): number {
  return Array.isArray(reward) ? Math.max(...reward) : reward
}

interface Candidate {
  readonly row: string
  readonly reward: number
  readonly label: string
  readonly output: string
}

function candidates({raw, parsed, reward}: Scored, nameFile: boolean): Candidate[] {
  const row = nameFile ? place(raw) : String(raw.line)
  const label = typeof parsed.value['label'] === 'string' ? parsed.value['label'] : ''
  return parsed.outputs.map((output, i) => ({
    row: parsed.isGroup ? `${row}.${i}` : row,
    reward: Array.isArray(reward) ? (reward[i] ?? Number.NaN) : reward,
    label,
    output: textOf(output),
  }))
}

function candidateTable(lines: readonly Candidate[], width: number): string {
  const hasLabels = lines.some(({label}) => label !== '')
  const columns: Column[] = [
    {title: 'reward', align: 'right'},
    {title: 'row', align: 'right'},
    ...(hasLabels ? [{title: 'label'}] : []),
    {title: 'output', flexible: true},
  ]
  const rows = lines.map(({row, reward, label, output}) => [reward.toFixed(4), row, ...(hasLabels ? [label] : []), output])
  return table(columns, rows, {width})
}

function textOf(part: Trajectory): string {
  return typeof part === 'string' ? part : part.map(({content}) => content).join('\n')
}
