import fc from 'fast-check'
import type { Test } from 'tap'
import type { KeyAlgorithm, TokenVerifier } from '../../src/domain/token.js'
import { toAppError } from '../../src/errors/app-error.js'
import { createTestKey } from '../helpers/test-keys.js'
import { createTokenHouse } from '../helpers/token-house.js'

/** One change: where, in thousandths of the length, what is done there, and with which number. */
type Edit = readonly [at: number, kind: number, value: number]

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
const ODD = ['.', '=', ' ', '\n', '\0', '+', '/', '%', '"', '\u0100', '\ud800', '💣', '..', '{}']
const REASONS: ReadonlySet<string> = new Set([
  'token_malformed',
  'token_key_unknown',
  'token_signature_invalid',
  'token_claims_invalid',
])
/** Promises that wait for their signature at once. */
const BATCH = 250
const PORTION = 10_000

/** A change of one place in a token; several of them make a mutation. */
function apply(token: string, [at, kind, value]: Edit, other: string): string {
  const index = Math.floor((at / 1000) * token.length)
  const [before, after] = [token.slice(0, index), token.slice(index)]
  switch (kind) {
    case 0:
      return before + (ALPHABET[value % 64] ?? '') + after.slice(1)
    case 1:
      return before + after.slice(1 + (value % 8))
    case 2:
      return before + (ALPHABET[value % 64] ?? '') + after
    case 3:
      return before + (ODD[value % ODD.length] ?? '') + after.slice(value & 1)
    case 4:
      return (
        before +
        String.fromCharCode((after.charCodeAt(0) || 0) ^ (1 << (value % 8))) +
        after.slice(1)
      )
    case 5:
      return before + after.slice(0, value) + after
    case 6:
      return before + other.slice(before.length)
    case 7:
      return spliceParts(token, other, value)
    case 8:
      return rewriteJson(token, value)
    default:
      return before
  }
}

/** Without end, in portions: a million of them would not fit the memory at once. */
function* samples<T>(arbitrary: fc.Arbitrary<T>, seed: number): Generator<T> {
  for (let portion = 0; ; portion += 1) {
    yield* fc.sample(arbitrary, { numRuns: PORTION, seed: seed * 1_000_003 + portion })
  }
}

/** Parts of two genuine tokens, put together anew. */
function spliceParts(token: string, other: string, value: number): string {
  const [own, foreign] = [token.split('.'), other.split('.')]
  return own
    .map((part, index) => ((value >> index) & 1 ? (foreign[index] ?? part) : part))
    .join('.')
}

/** Changes what the header or the payload says, in proper base64url: only the signature can tell. */
function rewriteJson(token: string, value: number): string {
  const parts = token.split('.')
  const index = parts.length > 1 ? value & 1 : 0
  const text = Buffer.from(parts[index] ?? '', 'base64url').toString()
  const at = (value >> 1) % Math.max(1, text.length)
  const changed = text.slice(0, at) + (ALPHABET[value % 64] ?? '') + text.slice(at + 1)
  return parts.with(index, Buffer.from(changed).toString('base64url')).join('.')
}

/**
 * `count` seeded mutations of genuine access and refresh tokens of one algorithm: none is accepted as anything,
 * and each is refused with a reason of the verifier, whether its original was just verified or not.
 */
export async function checkMutations(
  t: Test,
  { algorithm, count, seed }: { algorithm: KeyAlgorithm; count: number; seed: number },
): Promise<void> {
  const { verifier, issueAccess, issueRefresh, clock } = createTokenHouse(createTestKey(algorithm))
  const other = await issueAccess({
    ...{ userId: 'user-2', sessionId: 'session-2', tokenId: 'token-9', role: 'user' },
    expiresAt: clock.now() + 60_000,
  })
  const genuine = [await issueAccess(), await issueRefresh(), other]
  // What is put together may be one of the genuine ones again.
  const known = new Set(genuine)
  await verifier.verifyAccess(other)

  const edit = fc.tuple(fc.nat(999), fc.nat(9), fc.nat(4095))
  const mutation = fc.tuple(fc.nat(1), fc.array(edit, { minLength: 1, maxLength: 4 }))
  const failures: string[] = []
  const seen = { refused: 0, reachedSignature: 0 }
  let batch: Promise<void>[] = []
  let judged = 0
  for (const [which, edits] of samples(mutation, seed)) {
    const token = edits.reduce((text, one) => apply(text, one, other), genuine[which] ?? '')
    if (known.has(token)) continue
    judged += 1
    batch.push(judge(verifier, token, which, failures, seen))
    if (batch.length < BATCH && judged < count) continue
    await Promise.all(batch)
    batch = []
    if (judged === count) break
  }
  t.strictSame(failures.slice(0, 10), [], `none of ${count} was accepted, none broke the verifier`)
  t.equal(seen.refused, count)
  t.ok(seen.reachedSignature > count * 0.05, `${seen.reachedSignature} came to the signature`)
}

async function judge(
  verifier: TokenVerifier,
  token: string,
  which: number,
  failures: string[],
  seen: { refused: number; reachedSignature: number },
): Promise<void> {
  try {
    await (which === 0 ? verifier.verifyAccess(token) : verifier.verifyRefresh(token))
    failures.push(`accepted: ${JSON.stringify(token)}`)
  } catch (thrown) {
    const { code, reason } = toAppError(thrown)
    seen.refused += 1
    if (reason === 'token_signature_invalid') seen.reachedSignature += 1
    if (code !== 'UNAUTHENTICATED' || !REASONS.has(reason)) {
      failures.push(`${code} ${reason}: ${JSON.stringify(token)}`)
    }
  }
}
