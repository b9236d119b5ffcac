// {library, tokenizer, file, output} on stdin → {cpu, rows, scored, rss, idle}: a whole run with a model that costs nothing
import {text} from 'node:stream/consumers'
import {cpuSeconds} from '../cpu.mjs'

const {library, tokenizer, file, output} = JSON.parse(await text(process.stdin))
const {createEncoder, loadTokenizer, score} = await import(library)

const free = {
  identity: {engine: 'none', engineVersion: '0', model: 'free', weightsDigest: 'none', dtype: 'f32', inputs: 'ids'},
  batches: (inputs) =>
    Array.from({length: Math.ceil(inputs.length / 64)}, (_, i) => inputs.slice(i * 64, i * 64 + 64).map((__, k) => i * 64 + k)),
  rewards: async (inputs) => inputs.map(({ids}) => ({reward: ids.length / 7})),
  close: async () => {},
}
const encoder = createEncoder(await loadTokenizer(tokenizer))
await free.rewards([encoder.encode({prompt: 'a', reference: 'b', output: 'c'})])
const idle = process.memoryUsage.rss()
const start = cpuSeconds()
const run = score({files: [file], encoder, model: free, output})
let step = await run.next()
while (!step.done) step = await run.next()
const {rows, scored} = step.value
console.log(JSON.stringify({cpu: cpuSeconds() - start, rows, scored, idle, rss: process.resourceUsage().maxRSS * 1024}))
