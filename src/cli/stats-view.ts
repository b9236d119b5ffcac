import type {Distribution} from '../data/stats/distribution.js'
import type {Stats} from '../data/stats/stats.js'
import {counted} from './counted.js'
import {table, type Column} from './table.js'

const number = new Intl.NumberFormat('en-US')
const PARTS = ['prompt', 'reference', 'chosen', 'rejected'] as const
const BAR = 40

/** What was measured, as text with a histogram. */
export function statsText(stats: Stats): string {
  const {labels, usable} = stats
  const unit = stats.tokens ? 'tokens' : 'characters'
  const share = (count: number) => `${number.format(count)} (${usable === 0 ? 0 : ((count / usable) * 100).toFixed(1)} %)`
  const lines = [
    `${counted(stats.rows, 'row')}, ${number.format(usable)} with four texts`,
    `chosen is longer in ${share(labels.chosenLonger)}, rejected in ${share(labels.rejectedLonger)}; on average by ${counted(labels.meanDifference, 'character')}`,
    `chosen equals rejected in ${share(labels.identical)}; reference equals chosen in ${share(labels.referenceIsChosen)}`,
    `duplicates ${share(labels.duplicates)}; pairs that stand reversed ${share(labels.reversed)}`,
    '',
    lengthTable(unit, Object.entries(stats[unit] ?? stats.characters)),
    table(
      [
        {title: 'part'},
        {title: 'messages', align: 'right'},
        {title: 'roles', flexible: true},
        {title: 'scripts', flexible: true},
      ],
      PARTS.map((part) => [part, number.format(stats.messages[part].sum), named(stats.roles[part]), named(stats.scripts[part])]),
    ),
  ]
  if (stats.cut) {
    const {cut} = stats
    lines.push(
      table(
        [{title: 'cut'}, {title: 'rows', align: 'right'}, {title: 'tokens gone', align: 'right'}],
        PARTS.map((part) => [part, number.format(cut[part].rows), number.format(cut[part].tokens)]),
      ),
    )
  }
  if (stats.packing) {
    const {packs, maxPackedLength, fill, dropped} = stats.packing
    lines.push(
      `about ${counted(packs, 'pack')} of ${counted(maxPackedLength, 'token')}, ${(fill * 100).toFixed(1)} % full; ${counted(dropped, 'pair')} dropped`,
      '',
    )
  }
  lines.push(...histogram(`chosen, ${unit}`, (stats.tokens ?? stats.characters).chosen))
  return `${lines.join('\n')}\n`
}

function lengthTable(unit: string, entries: readonly (readonly [string, Distribution])[]): string {
  const columns: Column[] = [
    {title: unit},
    ...['mean', '5 %', 'median', '95 %', '99 %', 'longest'].map((title): Column => ({title, align: 'right'})),
  ]
  return table(
    columns,
    entries.map(([part, {mean, p5, median, p95, p99, max}]) => [
      part,
      ...[mean, p5, median, p95, p99, max].map((value) => number.format(value)),
    ]),
  )
}

function histogram(title: string, {histogram: {edges, counts}}: Distribution): string[] {
  const most = Math.max(1, ...counts)
  const width = number.format(edges.at(-1) ?? 0).length
  return [
    title,
    ...counts.map((count, i) => {
      const bar = '█'.repeat(Math.round((count / most) * BAR)) || (count > 0 ? '▏' : '')
      return `${number.format(edges[i] ?? 0).padStart(width)} ${bar} ${number.format(count)}`
    }),
  ]
}

function named(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .toSorted(([, a], [, b]) => b - a)
    .map(([name, count]) => `${name} ${number.format(count)}`)
    .join(', ')
}
