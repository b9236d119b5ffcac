import {readFileSync} from 'node:fs'
import {cpus, totalmem} from 'node:os'

/** What the numbers were measured on, without the machine's name. */
export function machine() {
  let flags = new Set()
  try {
    flags = new Set(/^flags\s*:(.*)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1]?.trim().split(/\s+/))
  } catch {
    // not Linux
  }
  const known = ['avx2', 'avx512f', 'avx_vnni', 'avx512_vnni'].filter((flag) => flags.has(flag))
  const [cpu] = cpus()
  return `${cpu?.model.trim()}${known.length > 0 ? ` (${known.join(', ')})` : ''}, ${cpus().length} cores, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.versions.node}`
}

export function median(values) {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** A part's result: {title, words: string[], head: string[], table: string[][], bars: {what, bar, value, met, cause?}[]}. */
export function report(parts) {
  const lines = [
    '# Benchmark results',
    '',
    'Written by `npm run bench`; do not edit. CPU seconds are user and system time of the measured process. Ratios hold within a run on one machine only.',
    '',
    '| part | what | bar | measured | |',
    '|---|---|---|---|---|',
  ]
  for (const [name, {bars}] of Object.entries(parts)) {
    for (const {what, bar, value, met, cause} of bars) {
      lines.push(
        `| ${name} | ${what} | ${bar} | **${value}** | ${met === undefined ? '' : met ? 'met' : `missed${cause ? `: ${cause}` : ''}`} |`,
      )
    }
  }
  for (const {title, words, head, table, machine: where, day, seconds} of Object.values(parts)) {
    lines.push('', `## ${title}`, '', `${day}, ${where}; ${seconds} s.`, ...words.flatMap((text) => ['', text]), '')
    lines.push(`| ${head.join(' | ')} |`, `|${head.map(() => '---').join('|')}|`)
    for (const row of table) lines.push(`| ${row.join(' | ')} |`)
  }
  return `${lines.join('\n')}\n`
}
