import {describe, expect, test} from 'vitest'
import {runPolar} from '../../fixtures/run-polar.js'
import {temporaryFolder} from '../../fixtures/temporary-folder.js'

const encode = ['data', 'encode', 'rows.jsonl', '--model', 'polar-nano']

test('--version, --help and a topic are answers, not errors', async () => {
  const version = await runPolar(['--version'])
  expect(version).toMatchObject({code: 0, stderr: ''})
  expect(version.stdout).toMatch(/^polar-rm\/\d+\.\d+\.\d+ /)
  for (const argv of [[], ['--help'], ['-h'], ['help']]) {
    const help = await runPolar(argv)
    expect(help).toMatchObject({code: 0, stderr: ''})
    expect(help.stdout).toContain('$ polar [COMMAND]')
  }
  const topic = await runPolar(['data'])
  expect(topic).toMatchObject({code: 0, stderr: ''})
  expect(topic.stdout).toContain('data encode')
})

test.each([[['data', 'encode', '--help']], [['help', 'data', 'encode']], [['data', 'encode', 'rows.jsonl', '-h']]])(
  '%j shows an example and the flags',
  async (argv) => {
    const {code, stdout} = await runPolar(argv)
    expect(code).toBe(0)
    expect(stdout).toMatch(/EXAMPLES\n {2}\$ polar data encode examples\/capital\.jsonl/)
    expect(stdout).toContain('--max-response-length')
  },
)

describe('a mistyped line says what was meant', () => {
  test.each([
    [['dat', 'encode'], 'COMMAND_UNKNOWN', '; did you mean "polar data encode"?'],
    [['data', 'encdoe', 'rows.jsonl', '--model', 'm'], 'COMMAND_UNKNOWN', 'Try: polar data encode rows.jsonl --model m'],
    [['encode', 'rows.jsonl'], 'COMMAND_UNKNOWN', '; did you mean "polar data encode"?'],
    [['dta'], 'COMMAND_UNKNOWN', 'polar has no command "dta"; did you mean "polar data"?'],
    [['quux'], 'COMMAND_UNKNOWN', 'Try: polar --help'],
    [['data', 'encdoe', '--help'], 'COMMAND_UNKNOWN', '; did you mean "polar data encode"?'],
    [['--model', 'm'], 'FLAG_INVALID', '--model stands where a command should be'],
    [[...encode, '--max-lenght', '9'], 'FLAG_INVALID', 'has no flag --max-lenght; did you mean --max-length?'],
    [[...encode, '--max-lenght=9'], 'FLAG_INVALID', '--max-length=9'],
    [[...encode, '--response-cut-side', 'rihgt'], 'FLAG_INVALID', 'rihgt is not one of right, left; did you mean right?'],
    [[...encode, '--max-length', 'many'], 'FLAG_INVALID', '--max-length: expected an integer but received: many'],
    [[...encode, '--max-length', '0'], 'FLAG_INVALID', 'greater than or equal to 1'],
    [[...encode, '--model'], 'FLAG_INVALID', '--model'],
    [['data', 'encode', '--model', 'm'], 'FLAG_INVALID', 'polar data encode needs FILES'],
    [['data', 'encode', 'rows.jsonl'], 'FLAG_INVALID', 'polar data encode needs --model'],
    [['autocomplete', 'bahs'], 'FLAG_INVALID', '; did you mean bash?'],
  ])('%j', async (argv, code, words) => {
    const cwd = await temporaryFolder()
    const human = await runPolar(argv, {cwd})
    expect(human).toMatchObject({code: 2, stdout: ''})
    expect(human.stderr).toContain(words)
    expect(human.stderr).not.toMatch(/\n {4}at |›|\u001B/)
    const machine = await runPolar([...argv, '--json'], {cwd})
    expect(machine).toMatchObject({code: 2, stderr: ''})
    const {error} = JSON.parse(machine.stdout)
    expect(error).toMatchObject({kind: 'usage', code})
    expect(Object.keys(error)).toEqual(['kind', 'code', 'message', 'suggestions', 'facts'])
    expect(error.message.split('\n')).toHaveLength(1)
    expect(error.message).not.toMatch(/\.$/)
  })
})
