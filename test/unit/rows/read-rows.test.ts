import {mkdir, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import {gzipSync} from 'node:zlib'
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import type {RawRow} from '../../../src/rows/raw-row.js'
import {readRows, type ReadRowsOptions} from '../../../src/rows/read-rows.js'
import {splitArray} from '../../../src/rows/split-array.js'
import {splitLines} from '../../../src/rows/split-lines.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

type Line = [number, number, string]

async function read(name: string, contents: string | Buffer, options?: ReadRowsOptions): Promise<Line[]> {
  const path = join(await temporaryFolder(), name)
  await writeFile(path, contents)
  const rows: RawRow[] = []
  for await (const batch of readRows([path], options)) rows.push(...batch)
  return rows.map(({line, offset, bytes, problem}) => [line, offset, problem ?? bytes.toString()])
}

describe('lines', () => {
  test.each<[string, string | Buffer, Line[]]>([
    [
      'plain',
      '{"a":1}\n{"b":2}\n',
      [
        [1, 0, '{"a":1}'],
        [2, 8, '{"b":2}'],
      ],
    ],
    [
      'no final newline',
      '{"a":1}\n{"b":2}',
      [
        [1, 0, '{"a":1}'],
        [2, 8, '{"b":2}'],
      ],
    ],
    [
      'CRLF',
      '{"a":1}\r\n{"b":2}\r\n',
      [
        [1, 0, '{"a":1}'],
        [2, 9, '{"b":2}'],
      ],
    ],
    [
      'blank lines are counted',
      '\n{"a":1}\n  \t\n{"b":2}\n\n',
      [
        [2, 1, '{"a":1}'],
        [4, 13, '{"b":2}'],
      ],
    ],
    [
      'byte order mark',
      '\ufeff{"a":1}\n{"b":2}',
      [
        [1, 3, '{"a":1}'],
        [2, 11, '{"b":2}'],
      ],
    ],
    ['line separators inside a string', '{"a":"x\u2028y\u0085"}\n', [[1, 0, '{"a":"x\u2028y\u0085"}']]],
    [
      'gzip by its first bytes',
      gzipSync('{"a":1}\n{"b":2}\n'),
      [
        [1, 0, '{"a":1}'],
        [2, 8, '{"b":2}'],
      ],
    ],
    [
      'an array in .jsonl is one bad line',
      '[{"a":1},\n{"b":2}]',
      [
        [1, 0, '[{"a":1},'],
        [2, 10, '{"b":2}]'],
      ],
    ],
  ])('%s', async (_, contents, expected) => {
    expect(await read('rows.jsonl', contents)).toEqual(expected)
  })

  test('a row over the limit is a problem, and the rows around it are read', async () => {
    const rows = await read('rows.jsonl', `{"a":1}\n"${'x'.repeat(100)}"\n{"b":2}\n`, {maxRowBytes: 50})
    expect(rows).toEqual([
      [1, 0, '{"a":1}'],
      [2, 8, 'is 102 bytes long; rows of up to 50 bytes are read'],
      [3, 111, '{"b":2}'],
    ])
  })

  test('a row of 10 MB', async () => {
    const row = JSON.stringify({a: 'x'.repeat(10_000_000)})
    expect(await read('rows.jsonl', `${row}\n${row}`)).toEqual([
      [1, 0, row],
      [2, row.length + 1, row],
    ])
  })
})

describe('arrays', () => {
  test.each<[string, string | Buffer, Line[]]>([
    [
      'compact',
      '[{"a":1},{"b":[2,{"c":"],["}]}]',
      [
        [1, 1, '{"a":1}'],
        [2, 9, '{"b":[2,{"c":"],["}]}'],
      ],
    ],
    [
      'pretty',
      '[\n  {\n    "a": 1\n  },\n  {"b": 2}\n]\n',
      [
        [1, 1, '{     "a": 1   }'],
        [2, 21, '{"b": 2}'],
      ],
    ],
    [
      'quotes and backslashes',
      String.raw`[{"a":"\"]\\"},{"b":"\\\""}]`,
      [
        [1, 1, String.raw`{"a":"\"]\\"}`],
        [2, 15, String.raw`{"b":"\\\""}`],
      ],
    ],
    [
      'scalars',
      '[1,"x",null]',
      [
        [1, 1, '1'],
        [2, 3, '"x"'],
        [3, 7, 'null'],
      ],
    ],
    [
      'cut off',
      '[{"a":1},{"b":',
      [
        [1, 1, '{"a":1}'],
        [2, 9, 'is cut off: the file ends before the array does'],
      ],
    ],
    [
      'nothing between commas',
      '[{"a":1},,]',
      [
        [1, 1, '{"a":1}'],
        [2, 9, 'is missing between two commas of the array'],
        [3, 10, 'is missing between two commas of the array'],
      ],
    ],
    [
      'something behind the end',
      '[{"a":1}] x',
      [
        [1, 1, '{"a":1}'],
        [2, 10, 'stands behind the end of the array'],
      ],
    ],
    [
      'JSON lines in a .json file',
      '{"a":1}\n{"b":2}\n',
      [
        [1, 0, '{"a":1}'],
        [2, 8, '{"b":2}'],
      ],
    ],
    ['gzip', gzipSync('[{"a":1}]'), [[1, 1, '{"a":1}']]],
  ])('%s', async (_, contents, expected) => {
    expect(await read(Buffer.isBuffer(contents) ? 'rows.json.gz' : 'rows.json', contents)).toEqual(expected)
  })
})

/** The same bytes in pieces of random sizes. */
async function* pieces(bytes: Buffer, cuts: readonly number[]): AsyncGenerator<Buffer> {
  const places = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b)
  let from = 0
  for (const to of [...places, bytes.length]) {
    yield bytes.subarray(from, to)
    from = to
  }
}

async function all(split: typeof splitLines, chunks: AsyncIterable<Buffer>): Promise<RawRow[]> {
  const rows: RawRow[] = []
  for await (const batch of split(chunks, {file: 'f', startOffset: 0, maxRowBytes: 1e6})) rows.push(...batch)
  return rows
}

describe('where the chunks are cut makes no difference', () => {
  const cuts = fc.array(fc.nat(), {maxLength: 30})
  test('lines', async () => {
    const texts = fc.array(fc.oneof(fc.json(), fc.constant(''), fc.constant('é\u2028漢😀'), fc.constant('\r')))
    await fc.assert(
      fc.asyncProperty(texts, cuts, async (lines, places) => {
        const bytes = Buffer.from(lines.join('\n'))
        const rows = await all(splitLines, pieces(bytes, places))
        const expected = lines.map((text, i) => [i + 1, text.trimEnd()]).filter(([, text]) => text !== '')
        expect(rows.map(({line, bytes}) => [line, bytes.toString()])).toEqual(expected)
        for (const row of rows) expect(bytes.subarray(row.offset, row.offset + row.bytes.length)).toEqual(row.bytes)
      }),
    )
  })
  test('arrays', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.jsonValue(), {minLength: 1}), fc.nat(3), cuts, async (values, indent, places) => {
        const rows = await all(splitArray, pieces(Buffer.from(JSON.stringify(values, undefined, indent)), places))
        expect(rows.map(({bytes}) => JSON.parse(bytes.toString()))).toEqual(JSON.parse(JSON.stringify(values)))
        expect(rows.every(({bytes, problem}) => problem === undefined && !bytes.includes(10))).toBe(true)
      }),
    )
  })
})

describe('inputs that cannot be read', () => {
  async function failure(files: readonly string[], options?: ReadRowsOptions): Promise<unknown> {
    try {
      for await (const _ of readRows(files, options));
    } catch (error) {
      return error
    }
    return undefined
  }
  test.each([
    ['missing.jsonl', undefined, 'INPUT_MISSING', /missing\.jsonl: no such file/],
    ['folder', null, 'INPUT_MISSING', /a folder, not a file/],
    ['empty.jsonl', '', 'INPUT_MISSING', /the file is empty/],
    ['blank.jsonl', '\n\n', 'INPUT_MISSING', /no row in it/],
    ['nothing.json', ' [ ] ', 'INPUT_MISSING', /no row in it/],
    ['utf16.jsonl', Buffer.from('\ufeff{"a":1}', 'utf16le'), 'ROW_INVALID', /UTF-16/],
    ['table.parquet', 'PAR1xxxx', 'ROW_INVALID', /Parquet/],
    ['torn.jsonl.gz', gzipSync('{"a":1}\n'.repeat(1000)).subarray(0, 40), 'INPUT_MISSING', /gzip data is damaged or cut short/],
  ])('%s', async (name, contents, code, message) => {
    const path = join(await temporaryFolder(), name)
    if (contents === null) await mkdir(path)
    else if (contents !== undefined) await writeFile(path, contents)
    expect(await failure([path])).toMatchObject({kind: 'data', code, message: expect.stringMatching(message)})
  })

  test('standard input may come in single bytes', async () => {
    const stdin = Readable.from([...Buffer.from('\ufeff{"a":"é"}\n')].map((byte) => Buffer.from([byte])))
    const rows: RawRow[] = []
    for await (const batch of readRows(['-'], {stdin})) rows.push(...batch)
    expect(rows.map(({file, line, bytes}) => [file, line, bytes.toString()])).toEqual([['-', 1, '{"a":"é"}']])
  })
})
