/** Value under `path`, or undefined. A key that is literally named so wins; else the dots are steps into objects and lists. */
export function valueAt(row: Readonly<Record<string, unknown>>, path: string): unknown {
  if (Object.hasOwn(row, path)) return row[path]
  let value: unknown = row
  for (const step of path.split('.')) {
    if (Array.isArray(value)) value = /^\d+$/.test(step) ? value[Number(step)] : undefined
    else if (isObject(value) && Object.hasOwn(value, step)) value = value[step]
    else return undefined
  }
  return value
}

/** JSON pointer (RFC 6901) of what {@link valueAt} reads. */
export function pointerTo(row: Readonly<Record<string, unknown>>, path: string): string {
  const steps = Object.hasOwn(row, path) ? [path] : path.split('.')
  return steps.map((step) => `/${step.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
