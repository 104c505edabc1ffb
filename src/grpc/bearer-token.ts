import type { Metadata } from '@grpc/grpc-js'

const ENTRY = 'authorization'
const PATTERN = /^Bearer +([^\s]+)$/i

/**
 * The token of the metadata entry `authorization: Bearer <token>` (RFC 6750 §2.1): null without such an entry,
 * empty when there are several or it has another form. What the token is worth is for the verifier to say.
 */
export function bearerTokenOf(metadata: Metadata): string | null {
  const values = metadata.get(ENTRY)
  if (values.length === 0) return null
  const [only] = values
  if (values.length > 1 || typeof only !== 'string') return ''
  return PATTERN.exec(only)?.[1] ?? ''
}
