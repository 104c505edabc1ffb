/**
 * The members of a JSON object under their lower-case names, because `Token` and `token` are one member on
 * these wires; the last one wins. Null for any other JSON value.
 */
export function readMembers(value: unknown): ReadonlyMap<string, unknown> | null {
  if (!isRecord(value)) return null
  return new Map(Object.entries(value).map(([name, member]) => [name.toLowerCase(), member]))
}

/** The value of a JSON text; undefined when the text is not JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}

/** Whether a JSON value is an object. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
