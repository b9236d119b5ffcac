import {expect, test} from 'vitest'
import {normaliseArgv, wantsJson} from '../../../src/cli/argv.js'

test.each([
  [
    ['--max_length', '9'],
    ['--max-length', '9'],
  ],
  [['--max_length=a_b'], ['--max-length=a_b']],
  [
    ['--model_name_or_path', 'my_model', 'my_rows.jsonl'],
    ['--model', 'my_model', 'my_rows.jsonl'],
  ],
  [['--model-name-or-path=x=y'], ['--model=x=y']],
  [
    ['a', '--', '--max_num_seqs'],
    ['a', '--', '--max_num_seqs'],
  ],
  [
    ['-m_x', '-'],
    ['-m_x', '-'],
  ],
])('%j reads as %j', (typed, ours) => expect(normaliseArgv(typed)).toEqual(ours))

test.each([
  [['a', '--json'], true],
  [['a', '--', '--json'], false],
  [['a', '--json=false'], false],
  [['a'], false],
])('wantsJson(%j) is %j', (argv, wants) => expect(wantsJson(argv)).toBe(wants))
