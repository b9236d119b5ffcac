import {corpus} from '../corpus.mjs'
import {child, library, tokenizer} from '../paths.mjs'
import {python, versions} from '../peers.mjs'
import {median} from '../report.mjs'
import {ask} from '../spawn.mjs'

const BYTES = 6e6

/** Megabytes per CPU second of text to ids, and whether the ids are the same. */
export async function measure({rounds, log}) {
  const program = await python(log)
  const documents = corpus(BYTES)
  const size = documents.reduce((sum, document) => sum + Buffer.byteLength(document), 0) / 1e6
  const input = JSON.stringify({library, tokenizer, documents, passes: 2})
  const seen = {polar: [], tokenizers: []}
  let equal = true
  for (let round = 0; round < rounds; round++) {
    const ours = await ask(process.execPath, [child('tokenize.mjs')], {input})
    const theirs = await ask(program, [child('tokenize_peer.py')], {input})
    equal &&= ours.digest === theirs.digest
    const odd = ours.lengths.findIndex((length, i) => length !== theirs.lengths[i])
    if (odd >= 0)
      log(`document ${odd}: ${ours.lengths[odd]} and ${theirs.lengths[odd]} ids: ${JSON.stringify(documents[odd].slice(0, 60))}`)
    seen.polar.push(ours.cpu.map((cpu) => size / cpu))
    seen.tokenizers.push(theirs.cpu.map((cpu) => size / cpu))
    log(
      `polar ${seen.polar.at(-1).map((x) => x.toFixed(1))}, tokenizers ${seen.tokenizers.at(-1).map((x) => x.toFixed(1))} MB per CPU second`,
    )
  }
  const pass = (name, index) => median(seen[name].map((rates) => rates[index]))
  const ratio = (index) => median(seen.polar.map((rates, i) => rates[index] / seen.tokenizers[i][index]))
  return {
    title: 'Tokenizer',
    words: [
      `${size.toFixed(1)} MB in ${documents.length} documents, a third each English, Chinese and program text, one thread, medians of ${rounds} rounds; every round a new process that goes over them twice. tokenizers (Rust) ${versions.tokenizers}. Ids of all documents are ${equal ? '**equal**' : '**NOT equal**'}.`,
    ],
    head: ['', 'MB per CPU second, first pass', 'second pass'],
    table: [
      ...Object.keys(seen).map((name) => [name, pass(name, 0).toFixed(2), pass(name, 1).toFixed(2)]),
      ['ratio', ratio(0).toFixed(2), ratio(1).toFixed(2)],
    ],
    bars: [
      {what: 'MB per CPU second ÷ tokenizers', bar: '≥ 2', value: ratio(0).toFixed(2), met: ratio(0) >= 2},
      {what: 'ids equal to those of tokenizers', bar: 'all', value: equal ? 'all' : 'not all', met: equal},
    ],
  }
}
