// node bench/validate.mjs [--megabytes 1000] [--rounds 3] [--python PYTHON]
// `polar data validate` (structural rules) against orjson and the same checks in Python, in turns on the same file. PYTHON needs orjson.
// Prints JSON: CPU seconds and RSS of every run, and the ratio of the medians.
import {mkdtemp, rm} from 'node:fs/promises'
import {tmpdir} from 'node:os'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {root} from './paths.mjs'
import {ask} from './spawn.mjs'
import {makeRows} from './validate-rows.mjs'

const {values} = parseArgs({
  options: {
    megabytes: {type: 'string', default: '1000'},
    rounds: {type: 'string', default: '3'},
    python: {type: 'string', default: 'python3'},
  },
})
const median = (numbers) => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]

const folder = await mkdtemp(join(tmpdir(), 'polar-bench-'))
try {
  const file = join(folder, 'rows.jsonl')
  makeRows(file, Number(values.megabytes))
  const polar = []
  const orjson = []
  for (let round = 0; round < Number(values.rounds); round++) {
    orjson.push(await ask(values.python, [join(root, 'bench/children/validate_peer.py'), file]))
    polar.push(await ask(process.execPath, [join(root, 'bench/children/validate.mjs'), join(root, 'bin/run.js'), file]))
  }
  const ratio = median(polar.map(({cpu}) => cpu)) / median(orjson.map(({cpu}) => cpu))
  console.log(
    JSON.stringify({megabytes: Number(values.megabytes), ratio: Math.round(ratio * 100) / 100, polar, orjson}, undefined, 1),
  )
} finally {
  await rm(folder, {recursive: true, force: true})
}
