import {expect, test} from 'vitest'
import {DEFAULT_ROW_KEYS, parseRow, type RowKeys} from '../../../src/rows/parse-row.js'

function parse(text: string | Buffer, keys: Partial<RowKeys> = {}): ReturnType<typeof parseRow> {
  return parseRow({file: 'f', line: 7, offset: 0, bytes: Buffer.from(text)}, {...DEFAULT_ROW_KEYS, ...keys})
}

test.each([
  ['a text', '"x"', false, ['x']],
  ['messages', '[{"role":"assistant","content":"x"},{"content":"y","name":"n"}]', false, [[{content: 'x'}, {content: 'y'}]]],
  ['an empty list is an empty trajectory, as upstream reads it', '[]', false, [[]]],
  ['a group of texts', '["x",""]', true, ['x', '']],
  ['a group of message lists', '[[{"content":"x"}],[]]', true, [[{content: 'x'}], []]],
  ['a mixed group', '["x",[{"content":"y"}]]', true, ['x', [{content: 'y'}]]],
])('%s', (_, output, isGroup, outputs) => {
  expect(parse(`{"prompt":"p","reference":[{"content":"r"}],"output":${output},"id":1}`)).toMatchObject({
    prompt: 'p',
    reference: [{content: 'r'}],
    isGroup,
    outputs,
  })
})

test('columns by other names, dots leading inwards, literal names first', () => {
  const row = '{"a.b":"literal","a":{"b":"inner","c":["zero","one"]},"x":{"y":"out"}}'
  expect(parse(row, {prompt: 'a.b', reference: 'a.c.1', output: 'x.y'})).toMatchObject({
    prompt: 'literal',
    reference: 'one',
    outputs: ['out'],
  })
})

test.each([
  ['not JSON', '{"prompt":', 'ROW_INVALID', /^f:7: not valid JSON/],
  ['a list', '[1]', 'ROW_INVALID', /the row is a list/],
  ['a number', '3', 'ROW_INVALID', /the row is a number/],
  ['null', 'null', 'ROW_INVALID', /the row is null/],
  ['a NUL byte', '{"prompt":"\0"}', 'ROW_INVALID', /a NUL byte at byte 11/],
  ['no prompt', '{"reference":"r","output":"o"}', 'KEY_NOT_FOUND', /no key "prompt"; the row has reference, output/],
  ['null prompt', '{"prompt":null,"reference":"r","output":"o"}', 'ROW_INVALID', /f:7 \/prompt: null where a text/],
  ['number', '{"prompt":"p","reference":"r","output":3}', 'ROW_INVALID', /f:7 \/output: a number/],
  [
    'a message without content',
    '{"prompt":[{"role":"user"}],"reference":"r","output":"o"}',
    'ROW_INVALID',
    /f:7 \/prompt\/0: a message without "content"/,
  ],
  ['content parts', '{"prompt":"p","reference":[{"content":[]}],"output":"o"}', 'ROW_INVALID', /\/reference\/0\/content: a list/],
  [
    'a message that is none',
    '{"prompt":[3],"reference":"r","output":"o"}',
    'ROW_INVALID',
    /\/prompt\/0: a number where a message/,
  ],
  [
    'a group with a number',
    '{"prompt":"p","reference":"r","output":["a",3]}',
    'ROW_INVALID',
    /\/output\/1: a number among the candidates/,
  ],
  [
    'a lone surrogate',
    '{"prompt":"p","reference":"r","output":["a",[{"content":"\\ud800"}]]}',
    'ROW_INVALID',
    /\/output\/1\/0\/content: half of a surrogate/,
  ],
])('refuses %s', (_, text, code, message) => {
  expect(() => parse(text)).toThrowError(expect.objectContaining({kind: 'data', code, message: expect.stringMatching(message)}))
})

test('says where UTF-8 breaks', () => {
  const bytes = Buffer.concat([Buffer.from('{"prompt":"é'), Buffer.from([0xff]), Buffer.from('漢"}')])
  expect(() => parse(bytes)).toThrowError(/f:7: invalid UTF-8 at byte 13 of the row/)
})
