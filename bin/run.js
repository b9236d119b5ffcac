#!/usr/bin/env node
// Answers `--version` before anything heavy is loaded; all else is the built program's.
import {readFileSync} from 'node:fs'
import module from 'node:module'
import {fileURLToPath} from 'node:url'

if (process.argv.length === 3 && process.argv[2] === '--version') {
  const {name, version} = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
  process.stdout.on('error', ({code}) => process.exit(code === 'EPIPE' ? 0 : 4))
  process.stdout.write(`${name}/${version} ${process.platform}-${process.arch} node-${process.version}\n`)
} else {
  module.enableCompileCache?.()
  const {main} = await import('../dist/src/cli/main.js')
  await main(process.argv.slice(2), fileURLToPath(import.meta.url))
}
