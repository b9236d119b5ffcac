import {writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {gzipSync} from 'node:zlib'
import {expect, test} from 'vitest'
import {runPolar} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const message = (content: string) => [{role: 'user', content}]
const row = (i: number) =>
  JSON.stringify({prompt: message(`p${i}`), reference: message('r'), chosen: message(`c${i}`), rejected: message('d')})

test.each<[string, string, number, RegExp]>([
  ['gzip that is cut short', 'cut.gz', 0, /cut\.gz: gzip data that is damaged/],
  ['a file without a row', '/dev/null', 0, /\/dev\/null: a file without a row/],
  ['broken JSON', 'broken.jsonl', 1, /1 row was left out, the first at broken\.jsonl:2: not valid JSON/],
  ['rows without lists', 'bare.jsonl', 2, /2 rows were left out, the first at bare\.jsonl:3 \/chosen: chosen is null/],
])('%s is told, behind what could be measured', async (_, file, leftOut, words) => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'cut.gz'), gzipSync(row(1).repeat(1000)).subarray(0, 90))
  await writeFile(join(folder, 'broken.jsonl'), `${row(1)}\n{"prompt":[}\n${row(2)}\n`)
  await writeFile(join(folder, 'bare.jsonl'), `${row(1)}\n${row(2)}\n${row(3).replace(/"chosen":\[.*?\]/, '"chosen":null')}\n{}`)
  const text = await runPolar(['data', 'stats', file], {cwd: folder})
  expect(text.stderr).toMatch(words)
  expect(text.stdout).toMatch(/with four texts/)
  expect(text.code).toBe(3)
  const json = await runPolar(['data', 'stats', file, '--json'], {cwd: folder})
  expect(JSON.parse(json.stdout)).toMatchObject({error: {kind: 'data'}, leftOut, problems: [{file}]})
  expect(json.code).toBe(3)
})

test('one row is one row', async () => {
  const folder = await temporaryFolder()
  await writeFile(join(folder, 'one.jsonl'), row(1))
  const {stdout, code} = await runPolar(['data', 'stats', 'one.jsonl'], {cwd: folder})
  expect(stdout).toMatch(/^1 row, 1 with four texts\n/)
  expect(code).toBe(0)
})
