const FEW = 3

/** The first three of `names` and how many there are, for a message: a damaged file may name thousands. */
export function firstFew(names: readonly string[]): string {
  const listed = names.slice(0, FEW).join(', ')
  return names.length > FEW ? `${listed} and ${names.length - FEW} more` : listed
}
