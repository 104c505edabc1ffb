import { invalidArgument } from '../errors/app-error.js'

export const PASSWORD_BYTES_MIN = 8
export const PASSWORD_BYTES_MAX = 1024

/**
 * The form of a password that is hashed: NFKC (NIST SP 800-63B §5.1.1.2), so that one password typed on
 * two keyboards is one password. Length is counted in bytes of UTF-8, 8 to 1024, after a cheap cap before
 * normalising. Raises INVALID_ARGUMENT.
 */
export function normalizePassword(input: string): string {
  // A string of n UTF-16 units has at least n bytes: refuse before any work on it.
  const normalized = input.length > PASSWORD_BYTES_MAX ? null : input.normalize('NFKC')
  const bytes = normalized === null ? Infinity : Buffer.byteLength(normalized)
  if (normalized === null || bytes < PASSWORD_BYTES_MIN || bytes > PASSWORD_BYTES_MAX) {
    const message = `A password has ${PASSWORD_BYTES_MIN} to ${PASSWORD_BYTES_MAX} bytes.`
    throw invalidArgument(message, [{ path: 'password', message }])
  }
  return normalized
}

export interface PasswordHasher {
  /**
   * The PHC string of a normalised password.
   * Raises RESOURCE_EXHAUSTED with reason `hashing_busy` when the queue is full.
   */
  hash(password: string): Promise<string>
  /**
   * Whether the password matches. With `hash` null it does the same work against a dummy hash with the
   * live parameters and answers false, so the time does not tell whether the account exists. A stored hash
   * whose parameters are over the configured ones is refused (false) before it can exhaust memory.
   * Raises RESOURCE_EXHAUSTED with reason `hashing_busy` when the queue is full.
   */
  verify(hash: string | null, password: string): Promise<boolean>
}
