// {library, model, dtype, prompts: number[][]} on stdin → {version, results: [{reward, cpu, wall}], rss}
import {text} from 'node:stream/consumers'
import {cpuSeconds} from '../cpu.mjs'

const {library, model: directory, dtype, prompts, options = {}} = JSON.parse(await text(process.stdin))
const {loadRewardModel} = await import(library)
const model = await loadRewardModel(directory, {dtype, threads: 1, ...options})
const input = (ids) => ({text: '', ids: Int32Array.from(ids)})
await model.rewards([input(prompts[0].slice(0, 32))])
const results = []
for (const prompt of prompts) {
  const many = Array.isArray(prompt[0]) ? prompt : [prompt]
  const start = cpuSeconds()
  const outcomes = await model.rewards(many.map(input))
  results.push({cpu: cpuSeconds() - start, rewards: outcomes.map((outcome) => outcome.reward ?? String(outcome.error))})
}
const {engineVersion} = model.identity
await model.close()
console.log(JSON.stringify({version: engineVersion, results, rss: process.resourceUsage().maxRSS * 1024}))
