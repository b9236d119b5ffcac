import {createWriteStream} from 'node:fs'
import {mkdir, rm, stat} from 'node:fs/promises'
import {join} from 'node:path'
import {once} from 'node:events'
import {randomNumbers} from '../corpus.mjs'
import {cache, child, library, tokenizer} from '../paths.mjs'
import {ask} from '../spawn.mjs'

async function writeRows(path, count) {
  const random = randomNumbers(11)
  const file = createWriteStream(path)
  for (let i = 0; i < count; i++) {
    const [a, b] = [Math.floor(random() * 1000), Math.floor(random() * 1000)]
    const row = {
      id: i,
      prompt: `What is ${a} plus ${b}?`,
      reference: `It is ${a + b}.`,
      output: random() < 0.5 ? `The sum is ${a + b}.` : `大约是 ${a * b}。`,
    }
    if (!file.write(`${JSON.stringify(row)}\n`)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
}

/** Many short rows through reading, encoding and the journal, with a model that costs nothing. */
export async function measure({rows, log}) {
  const folder = join(cache, 'pipeline')
  await rm(folder, {recursive: true, force: true})
  await mkdir(folder, {recursive: true})
  const file = join(folder, 'rows.jsonl')
  await writeRows(file, rows)
  const {size} = await stat(file)
  log(`${rows} rows, ${(size / 1e6).toFixed(0)} MB`)
  const input = JSON.stringify({library, tokenizer, file, output: join(folder, 'out.jsonl')})
  const {cpu, scored, rss, idle} = await ask(process.execPath, [child('pipeline.mjs')], {input})
  await rm(folder, {recursive: true, force: true})
  if (scored !== rows) throw new Error(`${scored} of ${rows} rows were scored`)
  const above = (rss - idle) / 1e6
  return {
    title: 'Pipeline',
    words: [
      `${rows.toLocaleString('en')} rows (${(size / 1e6).toFixed(0)} MB) through \`score\` of the library with -o: read, encode, tokenize, batch, journal, write; the model is free. Memory is the peak over that of the same process when tokenizer and encoder are loaded.`,
    ],
    head: ['rows per CPU second', 'CPU seconds', 'peak RSS', 'above the model'],
    table: [
      [Math.round(rows / cpu).toLocaleString('en'), cpu.toFixed(1), `${(rss / 1e6).toFixed(0)} MB`, `${above.toFixed(0)} MB`],
    ],
    bars: [
      {what: 'rows per CPU second', bar: 'reported', value: Math.round(rows / cpu).toLocaleString('en')},
      {what: 'peak RSS above the model', bar: '≤ 200 MB', value: `${above.toFixed(0)} MB`, met: above <= 200},
    ],
  }
}
