// validate.mjs CLI FILE: runs `polar data validate FILE --json` in this process. Prints {"rows", "found", "cpu", "rss"} (s, MB).
import {resourceUsage} from 'node:process'
import {pathToFileURL} from 'node:url'

const [, , program, file] = process.argv
let out = ''
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = (text, ...rest) => {
  out += text
  rest.find((one) => typeof one === 'function')?.()
  return true
}
process.argv = [process.argv[0], program, 'data', 'validate', file, '--json', '--quiet']
process.on('exit', () => {
  const {counts} = JSON.parse(out)
  const {userCPUTime, systemCPUTime, maxRSS} = resourceUsage()
  const found = counts.errors + counts.warnings
  write(`${JSON.stringify({rows: counts.rows, found, cpu: (userCPUTime + systemCPUTime) / 1e6, rss: maxRSS / 1024})}\n`)
})
await import(pathToFileURL(program).href)
