import {spawnSync} from 'node:child_process'
import {program} from '../paths.mjs'
import {median} from '../report.mjs'

const TIMES = 21
const CASES = [
  {name: 'polar --version', args: [program, '--version'], bar: 1.4},
  {name: 'polar --help', args: [program, '--help'], bar: 2.5},
  {name: 'polar score --help', args: [program, 'score', '--help'], bar: 2.5},
]
const EMPTY = {name: 'node -e 0', args: ['-e', '0']}

/** Wall time from start to exit against a Node that does nothing, one after the other in every round. */
export async function measure() {
  const seen = new Map([EMPTY, ...CASES].map(({name}) => [name, []]))
  for (let i = 0; i <= TIMES; i++) {
    for (const {name, args} of [EMPTY, ...CASES]) {
      const start = performance.now()
      const {status} = spawnSync(process.execPath, args, {stdio: ['ignore', 'ignore', 'inherit']})
      if (status !== 0) throw new Error(`${name} ended with ${status}`)
      if (i > 0) seen.get(name).push(performance.now() - start) // the first fills the caches
    }
  }
  const empty = seen.get(EMPTY.name)
  const ratio = (name) => median(seen.get(name)) / median(empty)
  return {
    title: 'Start',
    words: [`Wall milliseconds, medians of ${TIMES}, interleaved.`],
    head: ['', 'ms', '÷ node -e 0'],
    table: [...seen].map(([name, times]) => [name, median(times).toFixed(0), ratio(name).toFixed(2)]),
    bars: CASES.map(({name, bar}) => ({
      what: `${name} ÷ node -e 0, wall`,
      bar: `≤ ${bar}`,
      value: ratio(name).toFixed(2),
      met: ratio(name) <= bar,
    })),
  }
}
