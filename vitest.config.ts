import {defineConfig} from 'vitest/config'
import {isFull} from './test/fixtures/tier.js'

const seconds = 1000
const built = ['test/fixtures/build-once.ts']

/** One project a tier, by what its tests need: nothing, recorded answers, the built program, Python programs. */
const tier = (name: string, timeout: number, globalSetup: string[] = []) => ({
  extends: true as const,
  test: {name, include: [`test/${name}/**/*.test.ts`], testTimeout: timeout, hookTimeout: timeout, globalSetup},
})

export default defineConfig({
  test: {
    // oclif's captured output is lost when vitest takes the console over.
    disableConsoleIntercept: true,
    projects: [
      tier('unit', 20 * seconds),
      tier('contract', 60 * seconds, built),
      // A hundred kills take their time.
      tier('e2e', (isFull ? 1800 : 180) * seconds, built),
      ...(isFull ? [tier('real', 1800 * seconds, built)] : []),
    ],
  },
})
