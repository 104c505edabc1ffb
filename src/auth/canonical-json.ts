/**
 * The members of a JSON object whose text is exactly what `JSON.stringify` prints for it; null for anything
 * else. Only such texts are ever signed here, so everything that reads differently to two parsers is out at
 * once: members twice, white space, a byte-order mark, numbers and escapes in another spelling, invalid
 * UTF-8. (RFC 8725 §2.4 and §3.1 tell what comes of leniency.)
 */
export function parseCanonicalObject(bytes: Buffer): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null
    return Buffer.from(JSON.stringify(value)).equals(bytes) ? { ...value } : null
  } catch {
    // Not JSON, or nested so deep that printing it again runs out of stack.
    return null
  }
}
