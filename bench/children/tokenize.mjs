// {library, tokenizer, documents} on stdin → {cpu, digest, tokens}; digest of all ids as little-endian int32
import {createHash} from 'node:crypto'
import {text} from 'node:stream/consumers'
import {cpuSeconds} from '../cpu.mjs'

const {library, tokenizer: folder, documents, passes} = JSON.parse(await text(process.stdin))
const {loadTokenizer} = await import(library)
const tokenizer = await loadTokenizer(folder)
const cpu = []
let all
for (let pass = 0; pass < passes; pass++) {
  const start = cpuSeconds()
  all = documents.map((document) => tokenizer.encode(document))
  cpu.push(cpuSeconds() - start)
}
const hash = createHash('sha256')
for (const ids of all) hash.update(Int32Array.from(ids))
console.log(
  JSON.stringify({
    cpu,
    digest: hash.digest('hex'),
    tokens: all.reduce((sum, ids) => sum + ids.length, 0),
    lengths: all.map((ids) => ids.length),
  }),
)
