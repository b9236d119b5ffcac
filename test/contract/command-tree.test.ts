import {readFileSync} from 'node:fs'
import {fileURLToPath} from 'node:url'
import {expect, test} from 'vitest'

const manifest = JSON.parse(readFileSync(fileURLToPath(new URL('../../oclif.manifest.json', import.meta.url)), 'utf8'))

/** What of a flag or argument people and scripts rely on. */
function contractOf(entries: Record<string, Record<string, unknown>>) {
  const kept = [
    'type',
    'required',
    'multiple',
    'options',
    'default',
    'char',
    'aliases',
    'allowNo',
    'env',
    'exclusive',
    'dependsOn',
  ]
  return Object.fromEntries(
    Object.entries(entries)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, entry]) => [
        name,
        Object.fromEntries(kept.flatMap((key) => (entry[key] === undefined ? [] : [[key, entry[key]]]))),
      ]),
  )
}

/** A change of this snapshot is a change of the interface: `npx vitest run test/contract/command-tree.test.ts -u`, and a line in CHANGELOG.md. */
test('the commands, their arguments and flags are those of the snapshot', async () => {
  const tree = Object.fromEntries(
    Object.entries<Record<string, never>>(manifest.commands).map(([id, command]) => [
      id.replaceAll(':', ' '),
      {arguments: contractOf(command['args'] ?? {}), flags: contractOf(command['flags'] ?? {})},
    ]),
  )
  await expect(`${JSON.stringify(tree, null, 2)}\n`).toMatchFileSnapshot('command-tree.json')
})

test('every command says what it does and shows an example that starts with its name', () => {
  for (const [id, command] of Object.entries<Record<string, unknown>>(manifest.commands)) {
    expect(command['summary'], id).toMatch(/^[A-Z]/)
    expect(command['examples'], id).toEqual(
      expect.arrayContaining([expect.stringMatching(/^<%= config\.bin %> <%= command\.id %>/)]),
    )
  }
})
