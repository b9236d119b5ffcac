import {mkdir, rm} from 'node:fs/promises'
import {join} from 'node:path'
import {cache, child, program} from '../paths.mjs'
import {python, versions} from '../peers.mjs'
import {median} from '../report.mjs'
import {ask} from '../spawn.mjs'
import {makeRows} from '../validate-rows.mjs'

/** The structural rules of `polar data validate` over a file of preference rows, against orjson with the same checks. */
export async function measure({rounds, megabytes, log}) {
  const peer = await python(log)
  const folder = join(cache, 'validation')
  await mkdir(folder, {recursive: true})
  try {
    const file = join(folder, 'rows.jsonl')
    const rows = makeRows(file, megabytes)
    const seen = []
    for (let round = 0; round < rounds; round++) {
      const orjson = await ask(peer, [child('validate_peer.py'), file])
      const polar = await ask(process.execPath, [child('validate.mjs'), program, file])
      if (polar.rows !== rows || orjson.rows !== rows)
        throw new Error(`${polar.rows} and ${orjson.rows} of ${rows} rows were read`)
      seen.push({polar, orjson})
      log(`polar ${polar.cpu.toFixed(1)}, orjson ${orjson.cpu.toFixed(1)} CPU seconds`)
    }
    const ratio = median(seen.map(({polar, orjson}) => polar.cpu / orjson.cpu))
    const rss = Math.max(...seen.map(({polar}) => polar.rss))
    const allowed = 90 + (24 * rows) / 2 ** 20
    const line = (name) => [
      name,
      median(seen.map((round) => round[name].cpu)).toFixed(1),
      `${Math.max(...seen.map((round) => round[name].rss)).toFixed(0)} MB`,
    ]
    return {
      title: 'Validation',
      words: [
        `${megabytes} MB in ${rows.toLocaleString('en')} preference rows of 0.5 to 30 KB, a third Chinese; structural rules and duplicate detection, no tokenizer, one thread, medians of ${rounds} rounds. orjson ${versions.orjson} with the same checks in Python; only polar finds duplicate keys.`,
      ],
      head: ['', 'CPU seconds', 'peak RSS'],
      table: [line('polar'), line('orjson')],
      bars: [
        {what: 'CPU ÷ orjson with the same checks', bar: '≤ 2.5', value: ratio.toFixed(2), met: ratio <= 2.5},
        {
          what: 'peak RSS',
          bar: `≤ ${allowed.toFixed(0)} MB (90 + 24 B a row)`,
          value: `${rss.toFixed(0)} MB`,
          met: rss <= allowed,
        },
      ],
    }
  } finally {
    await rm(folder, {recursive: true, force: true})
  }
}
