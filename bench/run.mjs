// npm run bench [-- --only NAME[,NAME]] [--rounds N] [--layers N] [--tokens N] [--rows N] [--megabytes N] [--json]
// Measures polar against its peers in one run and writes bench/RESULTS.md. Peers are installed under .bench/ on first use.
import {existsSync} from 'node:fs'
import {mkdir, readFile, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {parseArgs} from 'node:util'
import {cache, library, root} from './paths.mjs'
import {machine, report} from './report.mjs'

const PARTS = ['inference', 'prefix', 'tokenizer', 'startup', 'pipeline', 'validation']

const {values} = parseArgs({
  options: {
    only: {type: 'string'},
    rounds: {type: 'string', default: '3'},
    layers: {type: 'string', default: '24'},
    tokens: {type: 'string', default: '512'},
    rows: {type: 'string', default: '1000000'},
    megabytes: {type: 'string', default: '1000'},
    json: {type: 'boolean', default: false},
  },
})
const parts = values.only?.split(',') ?? PARTS
const unknown = parts.filter((part) => !PARTS.includes(part))
if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')} (there are ${PARTS.join(', ')})`)
if (!existsSync(library)) throw new Error('dist/ is not there: npm run build')

const options = {
  rounds: Number(values.rounds),
  layers: Number(values.layers),
  tokens: Number(values.tokens),
  rows: Number(values.rows),
  megabytes: Number(values.megabytes),
  log: (words) => console.error(`${new Date().toISOString().slice(11, 19)} ${words}`),
}

await mkdir(cache, {recursive: true})
// Results of parts that do not run now are kept, each with the machine and the day that it was measured on.
const kept = join(cache, 'results.json')
const results = existsSync(kept) ? JSON.parse(await readFile(kept, 'utf8')) : {}
for (const name of parts) {
  options.log(`${name}: starts`)
  const {measure} = await import(`./parts/${name}.mjs`)
  const started = performance.now()
  const result = await measure(options)
  results[name] = {
    ...result,
    machine: machine(),
    day: new Date().toISOString().slice(0, 10),
    seconds: Math.round((performance.now() - started) / 1000),
  }
  await writeFile(kept, JSON.stringify(results, undefined, 1))
}
const shown = Object.fromEntries(PARTS.filter((name) => results[name]).map((name) => [name, results[name]]))
await writeFile(join(root, 'bench/RESULTS.md'), report(shown))
console.log(values.json ? JSON.stringify(Object.fromEntries(parts.map((name) => [name, results[name]]))) : report(shown))
