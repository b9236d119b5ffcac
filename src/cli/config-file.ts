export async function applyConfigFile(argv: readonly string[], _c: unknown, _d: unknown): Promise<string[]> {
  return [...argv]
}
