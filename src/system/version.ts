import {createRequire} from 'node:module'

/** Version of this package. */
export function polarVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)('polar-rm/package.json')
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : 'unknown'
}
