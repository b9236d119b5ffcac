const format = new Intl.NumberFormat('en-US')

/** `1 row`, `2 rows`, `10,000 rows`. */
export function counted(count: number, noun: string): string {
  return `${format.format(count)} ${noun}${count === 1 ? '' : 's'}`
}
