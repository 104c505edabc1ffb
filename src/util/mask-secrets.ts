/** Wherever one of these names is a member, its value is masked. */
const SECRET_NAMES: ReadonlySet<string> = new Set([
  'password',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
  'apiKey',
  'cookieSecret',
  'secret',
])
const MASK = '[masked]'
const DEPTH_MAX = 4

/**
 * The same object with the values of secret-sounding members masked, four levels deep. Copies only where it
 * masks; class instances (errors, buffers) are left as they are.
 */
export function maskSecrets(fields: Record<string, unknown>): Record<string, unknown> {
  return maskLevel(fields, DEPTH_MAX)
}

function maskLevel(fields: Record<string, unknown>, depth: number): Record<string, unknown> {
  let masked: Record<string, unknown> | undefined
  for (const name in fields) {
    const value = fields[name]
    const next = SECRET_NAMES.has(name) ? MASK : maskValue(value, depth)
    if (next !== value) (masked ??= { ...fields })[name] = next
  }
  return masked ?? fields
}

function maskValue(value: unknown, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return value
  const prototype: unknown = Object.getPrototypeOf(value)
  if (prototype !== Object.prototype && prototype !== null) return value
  return maskLevel(value as Record<string, unknown>, depth - 1)
}
