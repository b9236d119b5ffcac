import {existsSync} from 'node:fs'
import {join} from 'node:path'
import {checkpoint, SHAPE} from '../checkpoint.mjs'
import {cache, child, library} from '../paths.mjs'
import {llama, python, versions} from '../peers.mjs'
import {median} from '../report.mjs'
import {ask} from '../spawn.mjs'

const promptOf = (tokens, seed) =>
  Array.from({length: tokens}, (_, i) => 3 + ((i * 7919 + seed * 104_729) % (SHAPE.vocabulary - 200)))

/** Tokens per CPU second of one forward pass over a prompt, one thread, the peers one process after another in every round. */
export async function measure({rounds, layers, tokens, log}) {
  const model = await checkpoint(layers, log)
  const program = await python(log)
  const entry = await llama(log)
  const gguf = join(cache, `llama-${layers}-layers-q8_0.gguf`)
  if (!existsSync(gguf)) {
    log('makes the GGUF')
    await ask(program, [child('to_gguf.py'), model, gguf])
  }
  const home = join(cache, 'home')
  const ours = (dtype, prompts) =>
    ask(process.execPath, [child('ours.mjs')], {input: JSON.stringify({library, model, dtype, prompts}), env: {POLAR_HOME: home}})
  await ours('q8', [promptOf(16, 0)]) // quantised once, not in the measurement

  const seen = {}
  const add = (name, {results, rss}) => {
    const entryOf = (seen[name] ??= {rates: [], rewards: [], rss})
    for (const {cpu, rewards} of results) {
      entryOf.rates.push(tokens / cpu)
      entryOf.rewards.push(...rewards)
    }
    log(`${name}: ${results.map(({cpu}) => (tokens / cpu).toFixed(1)).join(', ')} tokens per CPU second`)
  }
  let runtime = ''
  for (let round = 0; round < rounds; round++) {
    const prompts = [promptOf(tokens, round)]
    const f32 = await ours('f32', prompts)
    runtime = f32.version
    add('polar f32', f32)
    const torch = await ask(program, [child('torch_peer.py')], {input: JSON.stringify({model, prompts})})
    for (const name of ['eager', 'sdpa']) add(`torch f32 ${name}`, torch[name])
    add('torch dynamic int8', torch.int8)
    add('polar q8', await ours('q8', prompts))
    add(
      'llama.cpp q8_0',
      await ask(process.execPath, [child('llama.mjs')], {input: JSON.stringify({entry, model: gguf, prompts})}),
    )
  }

  const best = Array.from({length: rounds}, (_, i) => Math.max(seen['torch f32 eager'].rates[i], seen['torch f32 sdpa'].rates[i]))
  const ratio = (name) => median(seen[name].rates.map((rate, i) => rate / best[i]))
  const exact = seen['torch f32 eager'].rewards
  const difference = (name) => Math.max(...seen[name].rewards.map((reward, i) => Math.abs(reward - exact[i])))
  const q8ToF32 = median(seen['polar q8'].rates.map((rate, i) => rate / seen['polar f32'].rates[i]))
  const cause = `this processor gains little by bytes: torch's own int8 runs at ${ratio('torch dynamic int8').toFixed(2)}, llama.cpp's q8_0 at ${ratio('llama.cpp q8_0').toFixed(2)} of torch's best f32`
  const bar = (what, least, value, cause) => ({what, bar: `≥ ${least}`, value: value.toFixed(2), met: value >= least, cause})
  return {
    title: 'Inference',
    words: [
      `One forward pass over ${tokens} tokens, one thread, POLAR-1.8B's shape (hidden 2048, ${layers} layers, all different, random bf16 weights); ${rounds} rounds, in each of them every contender once, medians of the rounds. "÷ torch" is relative to the faster of torch's two f32 in the same round; "off" is the largest difference of a reward from torch f32 eager. transformers runs Llama, which is InternLM2 once wqkv is split.`,
      `onnxruntime-node ${runtime}, torch ${versions.torch}, transformers ${versions.transformers}, node-llama-cpp ${versions['node-llama-cpp']}.`,
    ],
    head: ['', 'tokens per CPU second', '÷ torch', 'off', 'peak RSS'],
    table: Object.entries(seen).map(([name, {rates, rss}]) => [
      name,
      median(rates).toFixed(1),
      ratio(name).toFixed(2),
      difference(name).toPrecision(2),
      name.startsWith('torch') ? '' : `${(rss / 1e9).toFixed(1)} GB`,
    ]),
    bars: [
      bar('f32 ÷ best f32 of torch', 1.2, ratio('polar f32')),
      bar('q8 ÷ best f32 of torch', 1.8, ratio('polar q8'), cause),
      {what: 'q8 ÷ our f32', bar: '', value: q8ToF32.toFixed(2)},
    ],
  }
}
