// Runs the checks and the tests of a tier, and says at last how many of both passed, failed and were skipped.
// `node scripts/test.mjs fast|full [vitest arguments]`. The full tier holds the fast one: more tests, longer counts.
import {spawnSync} from 'node:child_process'
import {mkdtempSync, readFileSync, rmSync} from 'node:fs'
import {tmpdir} from 'node:os'
import {join} from 'node:path'

const [tier = 'fast', ...vitestArguments] = process.argv.slice(2)
if (tier !== 'fast' && tier !== 'full') throw new Error(`There is no tier "${tier}": fast or full`)

// The build is the first check; the tests need not do it again.
const env = {...process.env, POLAR_BUILT: '1', ...(tier === 'full' ? {POLAR_TEST_FULL: '1'} : {})}
const total = {passed: 0, failed: 0, skipped: 0}

function run(program, argv) {
  return spawnSync(program, argv, {stdio: 'inherit', env}).status === 0
}

for (const check of ['build', 'typecheck', 'format:check', 'lint', 'unused']) {
  console.log(`\n# ${check}`)
  total[run('npm', ['run', '--silent', check]) ? 'passed' : 'failed'] += 1
}

const folder = mkdtempSync(join(tmpdir(), 'polar-test-'))
try {
  const report = join(folder, 'vitest.json')
  console.log(`\n# tests (${tier})`)
  const passed = run(process.execPath, [
    'node_modules/vitest/vitest.mjs',
    'run',
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`,
    ...vitestArguments,
  ])
  const counts = JSON.parse(readFileSync(report, 'utf8'))
  total.passed += counts.numPassedTests
  total.skipped += counts.numPendingTests + counts.numTodoTests
  // A file that cannot be loaded has no failed test, but it has failed.
  total.failed += passed ? 0 : Math.max(1, counts.numFailedTests)
} catch (error) {
  console.error(error)
  total.failed += 1
} finally {
  rmSync(folder, {recursive: true, force: true})
}

console.log(`${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`)
process.exitCode = total.failed === 0 ? 0 : 1
