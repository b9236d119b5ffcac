// Builds dist/: the program and the library as split bundles, the types of the library, and the manifest of the commands.
// The same sources give the same bytes. A file is replaced whole, so a program that runs meanwhile never sees half of one.
import {spawnSync} from 'node:child_process'
import {existsSync} from 'node:fs'
import {mkdir, readdir, readFile, rename, rm, writeFile} from 'node:fs/promises'
import {dirname, join, relative} from 'node:path'
import {fileURLToPath} from 'node:url'
import {Plugin} from '@oclif/core'
import {build} from 'esbuild'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const dist = join(root, 'dist')

// What oclif's CommonJS expects of its surroundings.
const banner = `import {createRequire as polarCreateRequire} from 'node:module'
import {fileURLToPath as polarFileURLToPath} from 'node:url'
import {dirname as polarDirname} from 'node:path'
const require = polarCreateRequire(import.meta.url)
const __filename = polarFileURLToPath(import.meta.url)
const __dirname = polarDirname(__filename)
`

async function filesUnder(folder) {
  if (!existsSync(folder)) return []
  const entries = await readdir(folder, {recursive: true, withFileTypes: true})
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort()
}

async function replace(path, contents) {
  const bytes = Buffer.from(contents)
  if (existsSync(path) && bytes.equals(await readFile(path))) return
  await mkdir(dirname(path), {recursive: true})
  const temporary = `${path}.${process.pid}.tmp`
  await writeFile(temporary, bytes)
  await rename(temporary, path)
}

/** A bundled CommonJS package that is imported by `import()` has no named exports, though Node's own loader finds some. */
function refuseLazyCommonJs({inputs}) {
  for (const [file, {imports}] of Object.entries(inputs)) {
    const found = imports.find(({kind, path}) => kind === 'dynamic-import' && inputs[path]?.format === 'cjs')
    if (found) throw new Error(`${file} imports ${found.original} lazily: import it in a module of ours, and that module lazily`)
  }
}

async function bundle() {
  const commands = (await filesUnder(join(root, 'commands'))).filter((file) => file.endsWith('.ts'))
  const {outputFiles, metafile} = await build({
    absWorkingDir: root,
    entryPoints: [join(root, 'src/index.ts'), join(root, 'src/cli/main.ts'), ...commands],
    outdir: dist,
    outbase: root,
    bundle: true,
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    charset: 'utf8',
    banner: {js: banner},
    alias: Object.fromEntries(
      Object.entries({tinyglobby: 'unreached', semver: 'unreached', 'wsl-utils': 'unreached', minimatch: 'minimatch'}).map(
        ([name, file]) => [name, join(root, `scripts/bundle/${file}.mjs`)],
      ),
    ),
    external: ['onnxruntime-node', 'typescript', 'pnpapi'],
    logLevel: 'warning',
    write: false,
    metafile: true,
  })
  refuseLazyCommonJs(metafile)
  for (const file of outputFiles) await replace(file.path, file.contents)
  return new Set(outputFiles.map((file) => file.path))
}

async function types() {
  const tsc = join(root, 'node_modules/typescript/bin/tsc')
  const result = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.build.json'], {cwd: root, stdio: 'inherit'})
  if (result.status !== 0) throw new Error(`tsc exited with ${result.status ?? result.signal}`)
}

/** What oclif would find by loading every command, so that the program need not. */
async function manifest() {
  const plugin = new Plugin({root, isRoot: true, ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true})
  await plugin.load()
  const commands = Object.entries(plugin.manifest.commands).sort(([a], [b]) => (a < b ? -1 : 1))
  await replace(
    join(root, 'oclif.manifest.json'),
    `${JSON.stringify({commands: Object.fromEntries(commands), version: plugin.version})}\n`,
  )
}

const built = await bundle()
for (const file of await filesUnder(dist)) {
  if (!built.has(file) && !relative(dist, file).startsWith('types')) await rm(file, {force: true})
}
await types()
await manifest()
await import('./make-polar-nano.mjs')
