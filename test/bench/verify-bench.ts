/**
 * Every check of an access token against bare `jose.jwtVerify` of the same algorithm, turn by turn in one run:
 * cold (a token that was never seen), warm (its signature is remembered), and warm with the session asked for in
 * the SQLite store, as each request does.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jwtVerify } from 'jose'
import { createTokenIssuer } from '../../src/auth/token-issuer.js'
import { createTokenVerifier } from '../../src/auth/token-verifier.js'
import { systemClock } from '../../src/app/system-clock.js'
import { KEY_ALGORITHMS, type KeyAlgorithm } from '../../src/domain/token.js'
import { createMigrator } from '../../src/repository/migrator.js'
import { createSqliteSessionStore } from '../../src/repository/sqlite-session-store.js'
import { openSqliteStore } from '../../src/repository/sqlite-store.js'
import { createAuthenticationService } from '../../src/service/authentication-service.js'
import { issueAccess } from '../helpers/issue-token.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { createTestKey, createTestRing } from '../helpers/test-keys.js'
import { inTurns, median, printTable, ratioInRounds } from './measure.js'

const ROUNDS = 30
const TOKENS = 1000
const IN_FLIGHT = 64
/** A remembered token costs so little that one round of it is this many rounds of a new one. */
const WARM_REPEATS = 3
const SECONDS = 600
const NAMES = { issuer: 'https://gatehouse.test', audience: 'gatehouse' }
const SESSION_ID = 'session-1'

interface Sample {
  readonly perSecond: number
  readonly cpuMicroseconds: number
}

export async function benchVerify(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'gatehouse-bench-'))
  const file = join(folder, 'app.db')
  const store = openSqliteStore({ file, busyTimeoutMs: 5000, synchronous: 'normal' })
  try {
    await createMigrator(store).up()
    const sessionStore = createSqliteSessionStore({ store })
    const now = Date.now()
    await sessionStore.create(
      {
        ...{ id: SESSION_ID, userId: 'user-1', clientId: 'client-1', method: 'password' },
        ...{ userAgent: 'bench', address: '127.0.0.1', createdAt: now, lastSeenAt: now },
        ...{ idleExpiresAt: now + 3_600_000, expiresAt: now + 3_600_000, refreshHash: 'hash' },
        keyId: 'key-1',
      },
      { mode: 'unlimited' },
    )
    for (const algorithm of KEY_ALGORITHMS) await compare(algorithm, sessionStore)
  } finally {
    await store.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

async function compare(
  algorithm: KeyAlgorithm,
  sessionStore: ReturnType<typeof createSqliteSessionStore>,
): Promise<void> {
  const key = createTestKey(algorithm)
  const keyRing = createTestRing(key)
  const issuer = createTokenIssuer({ keyRing, ...NAMES })
  const now = Date.now()
  const tokens = await Promise.all(
    Array.from({ length: TOKENS }, (_, index) =>
      issueAccess(issuer, {
        ...{ userId: 'user-1', sessionId: SESSION_ID, tokenId: `token-${index}`, role: 'user' },
        ...{ issuedAt: now, expiresAt: now + SECONDS * 1000 },
      }),
    ),
  )
  const createVerifier = () =>
    createTokenVerifier({
      ...{ keyRing, clock: systemClock, ...NAMES },
      accessLifetimeSecondsMax: SECONDS,
      refreshLifetimeSecondsMax: SECONDS,
      tabLifetimeSecondsMax: SECONDS,
      clockSkewSeconds: 5,
      cacheEntriesMax: 10_000,
    })
  const warm = createVerifier()
  const authentication = createAuthenticationService({
    ...{ tokenVerifier: warm, sessionStore, clock: systemClock, logger: createMemoryLogger() },
    idleSeconds: 3600,
  })
  for (const token of tokens) await warm.verifyAccess(token)
  const options = { ...NAMES, algorithms: [algorithm], typ: 'at+jwt' }
  const find = () => key.publicKey
  const subjects = {
    'bare jose.jwtVerify': () => measure(tokens, 1, (token) => jwtVerify(token, find, options)),
    'all checks, cold': () => {
      const cold = createVerifier()
      return measure(tokens, 1, (token) => cold.verifyAccess(token))
    },
    'all checks, warm': () => measure(tokens, WARM_REPEATS, (token) => warm.verifyAccess(token)),
    'warm, and the session': () =>
      measure(tokens, WARM_REPEATS, (token) => authentication.authenticate(token)),
  }
  for (const warmUp of Object.values(subjects)) await warmUp()
  print(algorithm, await inTurns(subjects, ROUNDS))
}

/** Checks every token `repeats` times, several in flight as in a server. */
async function measure(
  tokens: readonly string[],
  repeats: number,
  check: (token: string) => Promise<unknown>,
): Promise<Sample> {
  const total = tokens.length * repeats
  const startedAt = performance.now()
  const cpu = process.cpuUsage()
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < total; index = next++) {
      await check(tokens[index % tokens.length] ?? '')
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  const { user, system } = process.cpuUsage(cpu)
  const seconds = (performance.now() - startedAt) / 1000
  return { perSecond: total / seconds, cpuMicroseconds: (user + system) / total }
}

function print(algorithm: string, samples: Record<string, Sample[]>): void {
  const of = (name: string, key: keyof Sample): number[] =>
    (samples[name] ?? []).map((sample) => sample[key])
  const base = 'bare jose.jwtVerify'
  const ratios = (name: string, key: keyof Sample, digits: number): string[] => {
    const { ratio, low, high } = ratioInRounds(of(name, key), of(base, key))
    return [ratio.toFixed(digits), `${low.toFixed(digits)}-${high.toFixed(digits)}`]
  }
  printTable([
    [algorithm, 'checks/s', 'ratio', '95 %', 'CPU µs', 'ratio', '95 %'],
    ...Object.keys(samples).map((name) => [
      name,
      median(of(name, 'perSecond')).toFixed(0),
      ...ratios(name, 'perSecond', 2),
      median(of(name, 'cpuMicroseconds')).toFixed(1),
      ...ratios(name, 'cpuMicroseconds', 3),
    ]),
  ])
}
