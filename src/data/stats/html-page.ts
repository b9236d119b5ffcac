import {readFile} from 'node:fs/promises'
import {createRequire} from 'node:module'
import type {Stats} from './stats.js'

/** One page with plots that needs nothing else: uPlot and the numbers stand in it. */
export async function statsPage(stats: Stats, template: string): Promise<string> {
  const require = createRequire(import.meta.url)
  const [script, style] = await Promise.all([
    readFile(require.resolve('uplot/dist/uPlot.iife.min.js'), 'utf8'),
    readFile(require.resolve('uplot/dist/uPlot.min.css'), 'utf8'),
  ])
  // The numbers hold texts of the user's (roles, file names): no `<` of theirs may end the script.
  const data = JSON.stringify(stats).replaceAll('<', String.raw`\u003c`)
  const parts: Readonly<Record<string, string>> = {
    UPLOT_STYLE: style,
    UPLOT_SCRIPT: script.replaceAll('</script', String.raw`<\/script`),
    STATS: data,
  }
  return template.replaceAll(/\{\{([A-Z_]+)\}\}/g, (_, name: string) => parts[name] ?? '')
}

/** The page without its numbers. */
export async function statsTemplate(): Promise<string> {
  return readFile(createRequire(import.meta.url).resolve('#templates/data/stats.html'), 'utf8')
}
