import {execFileSync} from 'node:child_process'
import {copyFile, link, lstat, mkdir, readdir, readFile, rm, stat, symlink, truncate, writeFile} from 'node:fs/promises'
import {join} from 'node:path'
import {Readable} from 'node:stream'
import fc from 'fast-check'
import {describe, expect, test} from 'vitest'
import {PolarError} from '../../../src/errors.js'
import type {ScoreEvent, ScoreSummary} from '../../../src/scoring/events.js'
import type {ScoreOptions} from '../../../src/scoring/options.js'
import {score} from '../../../src/scoring/score.js'
import {fakeModel, fakeReward, plainEncoder} from '../../fixtures/fake-model.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const row = (output: unknown, more: object = {}): string => JSON.stringify({prompt: 'p', reference: 'r', output, ...more})
const reward = (output: string): number => fakeReward(`p\nr<|reward|>p\n${output}[END]`)

async function run(
  options: Omit<ScoreOptions, 'encoder' | 'model'> & Partial<ScoreOptions>,
): Promise<{summary: ScoreSummary; events: ScoreEvent[]}> {
  const events: ScoreEvent[] = []
  const going = score({encoder: plainEncoder, model: fakeModel(), ...options})
  for (;;) {
    const next = await going.next()
    if (next.done) return {summary: next.value, events}
    events.push(next.value)
  }
}

async function paths(contents: string | Buffer): Promise<{folder: string; input: string; output: string}> {
  const folder = await temporaryFolder()
  const [input, output] = [join(folder, 'rows.jsonl'), join(folder, 'out.jsonl')]
  await writeFile(input, contents)
  return {folder, input, output}
}

const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  )

describe('the output', () => {
  test('is the input with rewards spliced in, in order, and nothing is left beside it but the meta file', async () => {
    const {folder, input, output} = await paths(
      `${row('a', {n: 1})}\r\n\n{"id":12345678901234567890, "x":1.0,${row('bb').slice(1)}\n${row(['c', 'd'])}`,
    )
    const {summary} = await run({files: [input], output})
    const list = JSON.stringify([reward('c'), reward('d')])
    expect(await readFile(output, 'utf8')).toBe(
      [
        `{"prompt":"p","reference":"r","output":"a","n":1,"reward":${reward('a')}}`,
        `{"id":12345678901234567890, "x":1.0,"prompt":"p","reference":"r","output":"bb","reward":${reward('bb')}}`,
        `{"prompt":"p","reference":"r","output":["c","d"],"reward":${list}}`,
        '',
      ].join('\n'),
    )
    expect(summary).toMatchObject({rows: 3, scored: 3, failed: 0, cut: 0, reused: 0, output})
    expect((await readdir(folder)).sort()).toEqual(['out.jsonl', 'out.jsonl.meta.json', 'rows.jsonl'])
    expect(JSON.parse(await readFile(`${output}.meta.json`, 'utf8'))).toMatchObject({model: {engine: 'fake'}, summary: {rows: 3}})
  })

  test('rewards only, under another key, of several files', async () => {
    const {folder, input, output} = await paths(row('a'))
    await copyFile(input, join(folder, 'b.jsonl'))
    await run({files: [input, join(folder, 'b.jsonl')], output, rewardsOnly: true, rewardKey: 'score'})
    const line = (file: string): string => `{"file":${JSON.stringify(file)},"line":1,"score":${reward('a')}}\n`
    expect(await readFile(output, 'utf8')).toBe(line(input) + line(join(folder, 'b.jsonl')))
  })

  test('keeps failed rows where that is wanted, without a reward', async () => {
    const {input, output} = await paths(`${row('<s>')}\nnonsense\n${row('a', {reward: 9, error: 'old'})}\n`)
    const {summary} = await run({files: [input], output, keepFailed: true})
    const lines = (await readFile(output, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(lines).toEqual([
      {
        prompt: 'p',
        reference: 'r',
        output: '<s>',
        error: {code: 'CONTROL_TOKEN_IN_TEXT', message: expect.stringContaining('<s>')},
      },
      {file: input, line: 2, error: {code: 'ROW_INVALID', message: expect.stringContaining('not valid JSON')}},
      {prompt: 'p', reference: 'r', output: 'a', error: {code: 'REWARD_KEY_EXISTS', message: expect.any(String)}},
    ])
    expect(summary).toMatchObject({rows: 3, scored: 0, failed: 3, onlyDataFailed: true})
  })

  test('a limit stops reading', async () => {
    const {input, output} = await paths(`${row('a')}\n${row('b')}\nnonsense`)
    expect((await run({files: [input], output, limit: 2})).summary).toMatchObject({rows: 2, failed: 0})
  })

  test('without a file rows are handed out in order', async () => {
    const {input} = await paths(Array.from({length: 600}, (_, i) => row('x'.repeat((i * 7) % 11))).join('\n'))
    const {events} = await run({files: [input]})
    const rows = events.flatMap((event) => (event.type === 'rows' ? event.rows : []))
    expect(rows.map(({raw, reward: found}) => [raw.line, found])).toEqual(
      Array.from({length: 600}, (_, i) => [i + 1, reward('x'.repeat((i * 7) % 11))]),
    )
  })
})

describe('rows that fail', () => {
  test('go to the errors file, the rest is scored, and the next run tries only those', async () => {
    const {folder, input, output} = await paths(`${row('a')}\n${row('b')}\n{"prompt":"p"}\n${row(['c', 'd', 'e'])}`)
    const broken = new PolarError('reward', 'REWARD_MALFORMED', 'it came back empty')
    const model = fakeModel({answer: (text) => (/\n[bd]\[END/.test(text) ? {error: broken} : undefined)})
    const {summary} = await run({files: [input], output, model})
    expect(summary).toMatchObject({rows: 4, scored: 1, failed: 3, onlyDataFailed: false, errors: `${output}.errors.jsonl`})
    const errors = (await readFile(`${output}.errors.jsonl`, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(errors).toEqual([
      {
        file: input,
        line: 2,
        kind: 'reward',
        code: 'REWARD_MALFORMED',
        message: `${input}:2: it came back empty`,
        suggestions: [],
      },
      {
        file: input,
        line: 3,
        kind: 'data',
        code: 'KEY_NOT_FOUND',
        message: expect.any(String),
        suggestions: [expect.stringContaining('--output-key')],
      },
      {
        file: input,
        line: 4,
        candidate: 1,
        kind: 'reward',
        code: 'REWARD_MALFORMED',
        message: expect.any(String),
        suggestions: [],
      },
    ])
    expect(await readFile(output, 'utf8')).toBe(`${row('a').slice(0, -1)},"reward":${reward('a')}}\n`)

    const healed = fakeModel()
    const second = await run({files: [input], output, model: healed})
    expect(second.summary).toMatchObject({rows: 4, scored: 3, failed: 1, reused: 1, onlyDataFailed: true})
    expect(healed.scored).toHaveLength(4) // b and the whole group
    const lines = (await readFile(output, 'utf8'))
      .trimEnd()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(lines).toMatchObject([
      {output: 'a'},
      {output: 'b'},
      {output: ['c', 'd', 'e'], reward: [reward('c'), reward('d'), reward('e')]},
    ])
    expect(await readdir(folder)).toContain('out.jsonl.journal')
  })

  test('when every one of many rows lacks a key, the run ends, and the mended command may follow', async () => {
    const {input, output} = await paths(Array.from({length: 300}, () => row('a')).join('\n'))
    expect(await rejection(run({files: [input], output, keys: {output: 'answer'}}))).toMatchObject({
      kind: 'data',
      code: 'KEY_NOT_FOUND',
      message: expect.stringMatching(
        /:1: no key "answer"; the row has prompt, reference, output, and the same for the first 300 rows/,
      ),
    })
    expect((await run({files: [input], output})).summary).toMatchObject({scored: 300})
  })

  test('a reward that is no number is no reward', async () => {
    const {input, output} = await paths(row('a'))
    const {summary} = await run({files: [input], output, model: fakeModel({answer: () => ({reward: NaN})})})
    expect(summary).toMatchObject({scored: 0, failed: 1})
    expect(await readFile(output, 'utf8')).toBe('')
  })

  test('control tokens and cuts are refused or let through as asked', async () => {
    const {input, output} = await paths(`${row('<s>')}\n${row('LONG')}\n`)
    expect((await run({files: [input], output, controlTokens: 'allow'})).summary).toMatchObject({failed: 0, cut: 1})
    expect(JSON.parse(await readFile(`${output}.meta.json`, 'utf8'))).toMatchObject({cutRows: [`${input}:2`]})
    expect((await run({files: [input], output, overwrite: true, onTooLong: 'fail'})).summary).toMatchObject({failed: 2, cut: 0})
  })

  test('many cut rows are a warning that names the longest', async () => {
    const {input} = await paths(`${row('a')}\n${row('LONG')}\n${row('LONGER')}\n`)
    const {events} = await run({files: [input]})
    expect(events).toContainEqual({type: 'warning', message: expect.stringMatching(/2 of 3 rows \(66\.7 %\) were cut .*:3 \(/)})
  })
})

describe('a run is taken up again', () => {
  const rows = Array.from({length: 40}, (_, i) => row(i % 5 === 0 ? [`${i}`, 'x'.repeat(i), 'y'] : 'z'.repeat((i * 7) % 13)))
  const contents = `${rows.join('\n')}\nbroken\n`

  test('after any death and any torn journal, to the same bytes, computing at most one batch twice', async () => {
    const whole = await paths(contents)
    const model = fakeModel()
    await run({files: [whole.input], output: whole.output, model})
    const expected = await readFile(whole.output)

    await fc.assert(
      fc.asyncProperty(fc.nat(25), fc.nat(400), async (lives, torn) => {
        const {folder} = whole
        const output = join(folder, `out-${lives}-${torn}.jsonl`)
        let batches = 0
        const dying = fakeModel({
          answer(_, count) {
            if (count % 3 === 0 && ++batches > lives) throw new Error('killed')
            return undefined
          },
        })
        const died = await rejection(run({files: [whole.input], output, model: dying}))
        const journal = `${output}.journal`
        if (died !== undefined) {
          await expect(stat(output)).rejects.toThrow()
          const {size} = await stat(journal)
          const lastLine = size - (await readFile(journal, 'utf8')).trimEnd().lastIndexOf('\n') - 1
          await truncate(journal, size - (torn % lastLine)) // at most within the last line, as a kill does
        }
        const rest = fakeModel()
        await run({files: [whole.input], output, model: rest})
        expect(await readFile(output)).toEqual(expected)
        expect(dying.scored.length + rest.scored.length - model.scored.length).toBeLessThanOrEqual(3)
      }),
      {numRuns: 25},
    )
  })

  test('when it is complete, nothing is computed', async () => {
    const {input, output} = await paths(`${rows.join('\n')}\n`)
    await run({files: [input], output})
    const model = fakeModel()
    const {summary, events} = await run({files: [input], output, model})
    expect(model.scored).toEqual([])
    expect(summary).toMatchObject({rows: 40, scored: 40, reused: 40})
    expect(events).toContainEqual({type: 'notice', message: expect.stringContaining('complete already')})
  })

  test.each<[string, (files: {input: string; output: string}) => Promise<Partial<ScoreOptions>>, RegExp]>([
    ['the input', async ({input}) => (await writeFile(input, `${contents}${row('more')}\n`), {}), /rows\.jsonl has changed/],
    ['the model', async () => ({model: fakeModel({weightsDigest: 'other'})}), /model weightsDigest was "fake", now "other"/],
    ['an option', async () => ({onTooLong: 'fail'}), /option onTooLong was "cut", now "fail"/],
    ['the output', async ({output}) => (await writeFile(output, 'mine'), {}), /not as the run that wrote it left it/],
  ])('not when %s has changed, unless it is to be overwritten', async (_, change, message) => {
    const files = await paths(contents)
    await run({files: [files.input], output: files.output})
    const changed = {files: [files.input], output: files.output, ...(await change(files))}
    expect(await rejection(run(changed))).toMatchObject({
      kind: 'data',
      code: 'INPUT_CHANGED',
      message: expect.stringMatching(message),
    })
    expect((await run({...changed, overwrite: true})).summary).toMatchObject({failed: 1, reused: 0})
  })

  test('when it was stopped between the output and the meta file of a second try', async () => {
    const {folder, input, output} = await paths(`${row('a')}\n${row('b')}\n`)
    const broken = new PolarError('reward', 'REWARD_MALFORMED', 'it came back empty')
    await run({
      files: [input],
      output,
      model: fakeModel({answer: (text) => (text.includes('\nb') ? {error: broken} : undefined)}),
    })
    await run({files: [input], output})
    const healed = await readFile(output)
    // As it lies there after a stop at that moment: a new OUT, the journal, no meta file.
    const {folder: other, input: again, output: stopped} = await paths(`${row('a')}\n${row('b')}\n`)
    await run({
      files: [again],
      output: stopped,
      model: fakeModel({answer: (text) => (text.includes('\nb') ? {error: broken} : undefined)}),
    })
    await rm(`${stopped}.meta.json`)
    await writeFile(stopped, healed)
    expect((await run({files: [again], output: stopped})).summary).toMatchObject({scored: 2, reused: 1})
    expect(await readFile(stopped)).toEqual(healed)
    expect(await readdir(folder)).toHaveLength((await readdir(other)).length)
  })

  test('from standard input, by content', async () => {
    const {output} = await paths('')
    const pipe = (text: string): Readable => Readable.from([Buffer.from(text)])
    const broken = fakeModel({
      answer(_, count) {
        if (count === 12) throw new Error('killed')
        return undefined
      },
    })
    expect(await rejection(run({files: ['-'], output, stdin: pipe(contents), model: broken}))).toMatchObject({message: 'killed'})
    expect(await rejection(run({files: ['-'], output, stdin: pipe(`${row('other')}\n${contents}`)}))).toMatchObject({
      code: 'INPUT_CHANGED',
    })
    const rest = fakeModel()
    await run({files: ['-'], output, stdin: pipe(contents), model: rest})
    expect((await readFile(output, 'utf8')).split('\n')).toHaveLength(41)
    const all = 32 + 8 * 3
    expect(rest.scored.length).toBeLessThanOrEqual(all - 9)
  })

  test('from standard input that has been scored whole: the same is taken over, another refused', async () => {
    const {output} = await paths('')
    const pipe = (text: string): Readable => Readable.from([Buffer.from(text)])
    await run({files: ['-'], output, stdin: pipe(contents)})
    const whole = await readFile(output)
    expect(await rejection(run({files: ['-'], output, stdin: pipe(`${row('other')}\n`)}))).toMatchObject({code: 'INPUT_CHANGED'})
    expect(await rejection(run({files: ['-'], output, stdin: pipe(contents.slice(0, -8))}))).toMatchObject({
      code: 'INPUT_CHANGED',
    })
    const again = fakeModel()
    expect((await run({files: ['-'], output, stdin: pipe(contents), model: again})).summary).toMatchObject({reused: 40})
    expect(again.scored).toEqual([])
    expect(await readFile(output)).toEqual(whole)
  })

  test('a fault that comes up after Ctrl-C is told as what it is', async () => {
    const {input, output} = await paths(contents)
    const stop = new AbortController()
    const model = fakeModel({
      answer() {
        stop.abort()
        throw new TypeError('a bug')
      },
    })
    expect(await rejection(run({files: [input], output, model, signal: stop.signal}))).toMatchObject({message: 'a bug'})
  })

  test('a stop after the batch in hand keeps what is done', async () => {
    const {input, output} = await paths(contents)
    const stop = new AbortController()
    const model = fakeModel({answer: (_, count) => (count === 7 ? void stop.abort() : undefined)})
    expect(await rejection(run({files: [input], output, model, signal: stop.signal}))).toMatchObject({
      name: 'Interrupted',
      suggestions: [expect.stringContaining('same command')],
    })
    expect(model.scored).toHaveLength(9)
    const rest = fakeModel()
    await run({files: [input], output, model: rest})
    expect(rest.scored).toHaveLength(32 + 8 * 3 - 9)
  })
})

describe('outputs that must not be written', () => {
  test('the input itself, by any name', async () => {
    const {folder, input} = await paths(row('a'))
    await link(input, join(folder, 'other.jsonl'))
    for (const output of [input, join(folder, 'other.jsonl')]) {
      expect(await rejection(run({files: [input], output}))).toMatchObject({kind: 'usage', code: 'OUTPUT_IS_INPUT'})
    }
    expect(await readFile(input, 'utf8')).toBe(row('a'))
  })

  test.each(['', '.journal', '.meta.json', '.errors.jsonl', '.stdin'])(
    'a file OUT%s that no run of ours wrote',
    async (ending) => {
      const {input, output} = await paths(row('a'))
      const theirs = output + ending
      await writeFile(theirs, 'mine')
      const model = async (): Promise<never> => Promise.reject(new Error('loaded in vain'))
      expect(await rejection(run({files: [input], output, model}))).toMatchObject({
        kind: 'usage',
        code: 'OUTPUT_EXISTS',
        message: expect.stringContaining(theirs),
      })
      expect(await readFile(theirs, 'utf8')).toBe('mine')
    },
  )

  test('an input that is named as a temporary of the output might be', async () => {
    const {folder, output} = await paths('')
    for (const name of ['out.jsonl.tmp', 'out.jsonl.meta.json.tmp', 'out.jsonl.errors.jsonl.tmp']) {
      await writeFile(join(folder, name), row('a'))
      await run({files: [join(folder, name)], output, overwrite: true})
      expect(await readFile(join(folder, name), 'utf8')).toBe(row('a'))
    }
  })

  test("a killed run's temporaries are swept, nobody else's", async () => {
    const {folder, input, output} = await paths(row('a'))
    const names = [
      'out.jsonl.17.0123abcd.tmp',
      'out.jsonl.meta.json.17.0123abcd.tmp',
      'out.jsonl.mine.tmp',
      'other.jsonl.17.0123abcd.tmp',
    ]
    for (const name of names) await writeFile(join(folder, name), '')
    await run({files: [input], output})
    expect((await readdir(folder)).filter((name) => name.endsWith('.tmp'))).toEqual([names[3], names[2]])
  })

  test('in a folder that is not there', async () => {
    const {folder, input} = await paths(row('a'))
    expect(await rejection(run({files: [input], output: join(folder, 'no', 'out.jsonl')}))).toMatchObject({
      kind: 'environment',
      code: 'NOT_WRITABLE',
    })
  })

  test('an output on which another run works; a lock whose process is gone is taken over', async () => {
    const {folder, input, output} = await paths(row('a'))
    let go = (): void => {}
    const waiting = new Promise<void>((resolve) => (go = resolve))
    const model = fakeModel()
    const slow = {
      ...model,
      rewards: async (inputs: Parameters<typeof model.rewards>[0]) => (await waiting, model.rewards(inputs)),
    }
    const first = run({files: [input], output, model: slow})
    await expect.poll(() => readdir(folder)).toContain('out.jsonl.journal')
    expect(await rejection(run({files: [input], output}))).toMatchObject({kind: 'environment', code: 'LOCKED'})
    go()
    await first
    await writeFile(
      `${output}.lock`,
      JSON.stringify({pid: process.pid, host: (await import('node:os')).hostname(), started: '1'}),
    )
    expect((await run({files: [input], output})).summary).toMatchObject({scored: 1})
    expect((await readdir(folder)).filter((name) => name.includes('lock'))).toEqual([])
  })

  test('a folder, a link to nowhere, no name, or the name of standard output', async () => {
    const {folder, input} = await paths(row('a'))
    await mkdir(join(folder, 'folder'))
    await symlink('nowhere', join(folder, 'link'))
    for (const [output, code] of [
      [join(folder, 'folder'), 'NOT_WRITABLE'],
      [join(folder, 'link'), 'NOT_WRITABLE'],
      ['', 'FLAG_INVALID'],
      ['-', 'FLAG_INVALID'],
    ] as const) {
      expect(await rejection(run({files: [input], output, overwrite: true}))).toMatchObject({code})
    }
    expect((await readdir(folder)).sort()).toEqual(['folder', 'link', 'rows.jsonl'])
  })

  test('what a link leads to is replaced, the link stays', async () => {
    const {folder, input, output} = await paths(row('a'))
    await writeFile(join(folder, 'real.jsonl'), 'old')
    await symlink('real.jsonl', output)
    await run({files: [input], output, overwrite: true})
    expect(await readFile(join(folder, 'real.jsonl'), 'utf8')).toContain('"reward":')
    expect((await lstat(output)).isSymbolicLink()).toBe(true)
  })

  test('with the input read from a pipe that is no standard input', async () => {
    const {folder, output} = await paths('')
    execFileSync('mkfifo', [join(folder, 'pipe')])
    expect(await rejection(run({files: [join(folder, 'pipe')], output}))).toMatchObject({
      code: 'FLAG_INVALID',
      message: expect.stringContaining('can be read only once'),
    })
  })

  test('under a key that the result has already', async () => {
    const {input, output} = await paths(row('a'))
    const files = [input]
    for (const options of [{rewardKey: ''}, {rewardKey: 'file', rewardsOnly: true}, {rewardKey: 'error', keepFailed: true}]) {
      expect(await rejection(run({files, output, ...options}))).toMatchObject({kind: 'usage', code: 'FLAG_INVALID'})
    }
  })
})

test('a long run is refused before it begins', async () => {
  const {input, output} = await paths(Array.from({length: 300}, () => row('x'.repeat(50))).join('\n'))
  const model = {...fakeModel(), measure: async () => 2}
  expect(await rejection(run({files: [input], output, model, maxSeconds: 3600}))).toMatchObject({
    code: 'CONFIRMATION_NEEDED',
    message: expect.stringMatching(/would take about \d+ h \d+ min on this processor \(2 tokens\/s\)/),
  })
  expect((await run({files: [input], output, model})).events).toContainEqual(
    expect.objectContaining({type: 'estimate', tokensPerSecond: 2}),
  )
})
