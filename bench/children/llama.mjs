// {entry, model, prompts} on stdin → {results: [{cpu, rewards}], rss}
import {readFileSync} from 'node:fs'
import {text} from 'node:stream/consumers'
import {cpuSeconds} from '../cpu.mjs'

const {entry, model: modelPath, prompts} = JSON.parse(await text(process.stdin))
const {getLlama, LlamaLogLevel} = await import(entry)
const llama = await getLlama({gpu: false, build: 'never', skipDownload: true, logLevel: LlamaLogLevel.error})
const model = await llama.loadModel({modelPath, gpuLayers: 0})
const longest = Math.max(...prompts.map((prompt) => prompt.length))
const context = await model.createEmbeddingContext({contextSize: longest + 8, batchSize: longest + 8, threads: 1})
const bytes = readFileSync(`${modelPath}.v_head`)
const head = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4)
await context.getEmbeddingFor(prompts[0].slice(0, 32))
const results = []
for (const prompt of prompts) {
  const start = cpuSeconds()
  const {vector} = await context.getEmbeddingFor(prompt)
  const cpu = cpuSeconds() - start
  results.push({cpu, rewards: [vector.reduce((sum, x, i) => sum + x * head[i], 0)]})
}
console.log(JSON.stringify({results, rss: process.resourceUsage().maxRSS * 1024}))
process.exit(0)
