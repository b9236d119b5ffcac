import {spawn, spawnSync} from 'node:child_process'
import {text} from 'node:stream/consumers'
import {fileURLToPath} from 'node:url'
import {expect, test} from 'vitest'
import {polarProgram} from '../../fixtures/run-polar.js'
import {mustBeThere} from '../../fixtures/tier.js'

/** Runs a command line on a pseudo-terminal, as `script` of util-linux makes it, and returns all that it showed. */
async function onTerminal(command: string): Promise<string> {
  const child = spawn('script', ['-qec', `stty cols 100; ${command}`, '/dev/null'], {
    cwd: fileURLToPath(new URL('../../../', import.meta.url)),
    env: {...process.env, TERM: 'xterm'},
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return (await text(child.stdout)).replaceAll('\r\n', '\n')
}

const polar = `${process.execPath} ${polarProgram}`

test('a ranked table on a terminal, no wider than it', async ({skip}) => {
  const hasScript = spawnSync('script', ['--version']).status === 0
  skip(!hasScript && !mustBeThere, 'no script of util-linux here')
  const shown = await onTerminal(`${polar} score examples/strawberry.jsonl examples/rain.jsonl --model polar-nano --sort`)
  expect(shown).toContain('How many times does the letter r occur in the word strawberry?')
  expect(shown).toMatch(/ +reward +row +label +output/)
  const rewards = [...shown.matchAll(/^ *(-?\d+\.\d{4}) +\S+strawberry\.jsonl:\d+ +(same|right|wrong|short-)/gm)].map(
    ([, reward]) => Number(reward),
  )
  expect(rewards).toHaveLength(7)
  expect(rewards).toEqual(rewards.toSorted((a, b) => b - a))
  expect(shown).toContain('rewards mean nothing')
  expect(shown).toMatch(/17 of 17 rows scored/)
  const tableLines = shown.split('\n').filter((line) => /^ *-?\d+\.\d{4} /.test(line))
  expect(Math.max(...tableLines.map((line) => line.length))).toBeLessThanOrEqual(100)
})
