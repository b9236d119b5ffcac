import {join} from 'node:path'
import {checkpoint} from '../checkpoint.mjs'
import {cache, child, library} from '../paths.mjs'
import {median} from '../report.mjs'
import {ask} from '../spawn.mjs'

const LAYERS = 6
const CASES = [
  {candidates: 16, prefix: 120, suffix: 80},
  {candidates: 16, prefix: 480, suffix: 160},
]

/** Best of 16: a group of candidates with their prefix computed once, against every one by itself. */
export async function measure({rounds, log}) {
  const model = await checkpoint(LAYERS, log)
  const table = []
  const bars = []
  for (const {candidates, prefix, suffix} of CASES) {
    const group = Array.from({length: candidates}, (_, n) =>
      Array.from({length: prefix + suffix}, (__, i) => 3 + ((i * 7919 + (i < prefix ? 0 : (n + 1) * 104_729)) % 90_000)),
    )
    const run = async (sharePrefix) => {
      const input = JSON.stringify({library, model, dtype: 'f32', prompts: [group], options: {sharePrefix}})
      const {results} = await ask(process.execPath, [child('ours.mjs')], {input, env: {POLAR_HOME: join(cache, 'home')}})
      return results[0]
    }
    const ratios = []
    let off = 0
    for (let round = 0; round < rounds; round++) {
      const [alone, shared] = [await run(false), await run(true)]
      ratios.push(alone.cpu / shared.cpu)
      off = Math.max(off, ...alone.rewards.map((reward, i) => Math.abs(reward - shared.rewards[i])))
      log(`prefix ${prefix}/${suffix}: ${(alone.cpu / shared.cpu).toFixed(2)} times`)
    }
    const possible = (candidates * (prefix + suffix)) / (prefix + candidates * suffix)
    const share = median(ratios) / possible
    table.push([
      `${candidates} × (${prefix} + ${suffix})`,
      median(ratios).toFixed(2),
      possible.toFixed(2),
      share.toFixed(2),
      off.toPrecision(2),
    ])
    bars.push({
      what: `best of ${candidates}, ${prefix} + ${suffix} tokens, of N(P+S)/(P+NS)`,
      bar: '≥ 0.95',
      value: share.toFixed(2),
      met: share >= 0.95,
    })
  }
  return {
    title: 'Shared prefix',
    words: [
      `CPU seconds of N candidates each by itself ÷ of the same with their P common tokens computed once, S tokens each behind them; f32, one thread, the 1.8B shape with ${LAYERS} layers, medians of ${rounds} rounds. "off" is the largest difference between the two.`,
    ],
    head: ['N × (P + S)', 'times faster', 'N(P+S)/(P+NS)', 'share', 'off'],
    table,
    bars,
  }
}
