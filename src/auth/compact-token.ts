import { KEY_ALGORITHMS, type KeyAlgorithm, TOKEN_BYTES_MAX } from '../domain/token.js'
import { parseCanonicalObject } from './canonical-json.js'
import { KEY_ID_PATTERN } from './key-folder.js'

/** Our own headers are half of this; more is nothing that was issued here. */
const HEADER_CHARS_MAX = 256
const HEADER_MEMBERS = 3

/** The three parts, decoded, with nothing proved yet. */
export interface TokenParts {
  readonly header: Buffer
  readonly payload: Buffer
  readonly signature: Buffer
  /** What the signature is over (RFC 7515 §5.2). */
  readonly signedBytes: Buffer
}

/** The parts and what the header says. */
export interface CompactToken extends TokenParts {
  readonly keyId: string
  readonly algorithm: KeyAlgorithm
  readonly type: string
}

/**
 * Takes a compact JWS apart; null when it is not one in its single canonical spelling, with exactly the
 * header members `alg`, `kid` and `typ`. The payload is not read.
 */
export function parseCompactToken(token: string): CompactToken | null {
  if (token.indexOf('.') > HEADER_CHARS_MAX) return null
  const parts = splitCompactToken(token)
  const header = parts && parseHeader(parts.header)
  return header && { ...parts, ...header }
}

/**
 * The three parts of a token of at most 4 KiB; null when one is not in its canonical spelling. The payload may
 * be empty, as in any JWS.
 */
export function splitCompactToken(token: string): TokenParts | null {
  if (token.length > TOKEN_BYTES_MAX) return null
  const headerEnd = token.indexOf('.')
  const payloadEnd = token.indexOf('.', headerEnd + 1)
  if (headerEnd < 0 || payloadEnd < 0) return null
  const header = decodeCanonical(token.slice(0, headerEnd))
  const payload = decodeCanonical(token.slice(headerEnd + 1, payloadEnd))
  // A fourth part leaves a dot in the third, which is no base64url.
  const signature = decodeCanonical(token.slice(payloadEnd + 1))
  if (!header?.length || !payload || !signature?.length) return null
  return {
    header,
    payload,
    signature,
    signedBytes: Buffer.from(token.slice(0, payloadEnd), 'latin1'),
  }
}

function parseHeader(bytes: Buffer): Pick<CompactToken, 'keyId' | 'algorithm' | 'type'> | null {
  const header = parseCanonicalObject(bytes)
  if (!header || Object.keys(header).length !== HEADER_MEMBERS) return null
  const { alg, kid, typ } = header
  const algorithm = KEY_ALGORITHMS.find((known) => known === alg)
  if (!algorithm || typeof kid !== 'string' || typeof typ !== 'string') return null
  return KEY_ID_PATTERN.test(kid) ? { keyId: kid, algorithm, type: typ } : null
}

/**
 * Decodes base64url that is spelled the one way an encoder spells it: no padding, no other alphabet, no
 * white space, no stray bits in the last character. Null when it is spelled otherwise.
 */
function decodeCanonical(part: string): Buffer | null {
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : null
}
