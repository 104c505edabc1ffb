import fc from 'fast-check'
import type { Test } from 'tap'
import { createTokenIssuer } from '../../src/auth/token-issuer.js'
import { createTokenVault } from '../../src/auth/token-vault.js'
import { createTokenVerifier } from '../../src/auth/token-verifier.js'
import type { Clock } from '../../src/domain/clock.js'
import type { SessionStore } from '../../src/domain/session.js'
import { toAppError } from '../../src/errors/app-error.js'
import { createAuthenticationService } from '../../src/service/authentication-service.js'
import { createSessionService, type SignIn } from '../../src/service/session-service.js'
import { createAuditTrail } from '../../src/service/audit-trail.js'
import { createPasswordThrottle } from '../../src/service/password-throttle.js'
import { createSessionEnder } from '../../src/service/session-ender.js'
import { createUserDirectory } from '../../src/service/user-directory.js'
import { sampleSession } from '../contract/sample-session.js'
import { createMemoryCounterStore } from '../helpers/memory-counter-store.js'
import { createMemoryRevocationLog } from '../helpers/memory-revocation-log.js'
import { THROTTLE_RULES } from '../helpers/session-house.js'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createFakePasswordHasher } from '../helpers/fake-password-hasher.js'
import { createMemoryAuditLog } from '../helpers/memory-audit-log.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { createMemoryUserRepository } from '../helpers/memory-user-repository.js'
import { createTestKey, createTestRing } from '../helpers/test-keys.js'
import { waitFor } from '../helpers/wait-for.js'
import { SessionModel } from './session-model.js'

const LIMIT = 3
const RULES = {
  limit: LIMIT,
  replayWindowMs: 10_000,
  idleMs: 3_600_000,
  absoluteMs: 6 * 3_600_000,
  accessMs: 600_000,
  skewMs: 5_000,
}
const USERS = ['ada', 'bob', 'eve']
const CLIENTS = ['laptop', 'phone']
const KEY = createTestKey('EdDSA')
/** A new process costs more than all the other steps together. */
const CRASH_EVERY = 6

/** One step: what is done, and numbers that choose to whom and with what. */
const STEP = fc.tuple(
  fc.constantFrom(
    ...(['login', 'login', 'refresh', 'refresh', 'refresh', 'replay', 'replayElsewhere'] as const),
    ...(['replayOld', 'request', 'request', 'logout', 'endByAdmin', 'endOthers'] as const),
    ...(['wait', 'wait', 'waitLong', 'crash'] as const),
  ),
  fc.nat(1_000_000),
  fc.nat(1_000_000),
)

/** Everything that was handed out for one session, by generation. */
interface Given {
  readonly pairs: { readonly signIn: SignIn; readonly issuedAt: number }[]
}

/** A process of the house on a store: it goes away with a crash, the store stays. */
function startProcess(sessionStore: SessionStore, clock: Clock) {
  const users = createMemoryUserRepository()
  for (const name of USERS) users.add({ id: name, username: name, passwordHash: 'hash:password' })
  const keyRing = createTestRing(KEY)
  const names = { keyRing, issuer: 'house', audience: 'house' }
  const logger = createMemoryLogger()
  const broker = createFakeBroker()
  const revocationLog = createMemoryRevocationLog()
  const auditTrail = createAuditTrail({ auditLog: createMemoryAuditLog(), clock, logger })
  const line = {
    ...{ sessionStore, revocationLog, broker, auditTrail, clock, logger },
    surveyTimeoutMs: 1000,
  }
  const deps = {
    ...{ ...line, users },
    userDirectory: createUserDirectory({ users, clock }),
    ender: createSessionEnder(line),
    announcer: { announce: async () => undefined },
    throttle: createPasswordThrottle({
      ...{ counters: createMemoryCounterStore(), auditTrail, clock, rules: THROTTLE_RULES },
    }),
    passwordHasher: createFakePasswordHasher(),
    tokenIssuer: createTokenIssuer(names),
    tokenVerifier: createTokenVerifier({
      ...{ ...names, clock },
      accessLifetimeSecondsMax: RULES.accessMs / 1000,
      refreshLifetimeSecondsMax: RULES.absoluteMs / 1000,
      tabLifetimeSecondsMax: RULES.accessMs / 1000,
      clockSkewSeconds: RULES.skewMs / 1000,
      cacheEntriesMax: 1000,
    }),
    tokenVault: createTokenVault(),
    policy: { mode: 'limit', limit: LIMIT, onLimit: 'evict-oldest' } as const,
    accessTokenSeconds: RULES.accessMs / 1000,
    refreshReplayWindowMs: RULES.replayWindowMs,
    idleSeconds: RULES.idleMs / 1000,
    shortIdleSeconds: RULES.idleMs / 1000,
    absoluteSeconds: RULES.absoluteMs / 1000,
  }
  return {
    sessions: createSessionService(deps),
    authentication: createAuthenticationService(deps),
    sessionStore,
  }
}

/**
 * `count` seeded steps of sign-in, refresh, replay, request, end, eviction, passing of time and crash, each done to
 * the services and to the model; the answers and the live sessions must be the same. `reopen` gives the store as
 * a process that starts afresh finds it.
 */
export async function checkAgainstModel(
  t: Test,
  { reopen, count, seed }: { reopen: () => Promise<SessionStore>; count: number; seed: number },
): Promise<void> {
  const clock = createFakeClock(Math.floor(Date.now() / 1000) * 1000)
  const model = new SessionModel(RULES)
  const given = new Map<string, Given>()
  const tally = new Map<string, number>()
  let house = startProcess(await reopen(), clock)

  const clientOf = (clientId: string) => ({ clientId, userAgent: 'model', address: '192.0.2.1' })
  const pick = <T>(list: readonly T[], n: number): T | undefined => list[n % list.length]
  /** Mostly a recent one: what is long over is soon known to be. */
  const pickSession = (n: number) =>
    pick(n % 4 === 0 ? model.sessions : model.sessions.slice(-8), n)
  const reasonOf = (error: unknown): string => toAppError(error).reason

  async function refresh(n: number, generation: number, clientId?: string): Promise<string[]> {
    const session = pickSession(n)
    const pairs = session && given.get(session.id)?.pairs
    const pair = pairs?.at(-1 - Math.min(generation, pairs.length - 1))
    if (!session || !pairs || !pair) return []
    const client = clientOf(clientId ?? session.clientId)
    const token = pair.signIn.refreshToken
    const expected = model.refresh(session, token, client.clientId, clock.now())
    const actual = await house.sessions.refresh(token, client).then(
      (signIn) => {
        if (signIn.refreshToken === pairs.at(-1)?.signIn.refreshToken) return 'replayed'
        pairs.push({ signIn, issuedAt: clock.now() })
        session.refreshTokens.push(signIn.refreshToken)
        return 'rotated'
      },
      (error: unknown) => reasonOf(error),
    )
    return [expected, actual]
  }

  async function request(n: number, m: number): Promise<string[]> {
    const session = pickSession(n)
    const pair = session && pick(given.get(session.id)?.pairs.slice(-2) ?? [], m)
    if (!session || !pair) return []
    const expected = model.authenticate(session, pair.issuedAt, clock.now())
    const actual = await house.authentication.authenticate(pair.signIn.accessToken).then(
      () => 'ok',
      (error: unknown) => reasonOf(error),
    )
    // The mark that the session was seen is written beside the answer.
    if (actual === 'ok') {
      await waitFor('the session is marked as seen', async () => {
        const check = await house.sessionStore.check(session.id, clock.now())
        return !check.alive || check.session.lastSeenAt === session.lastSeenAt
      })
    }
    return [expected, actual]
  }

  async function end(kind: 'logout' | 'endByAdmin' | 'endOthers', n: number): Promise<string[]> {
    const session = pickSession(n)
    if (!session) return []
    const { id: sessionId, userId, clientId } = session
    const principal = {
      ...{ sessionId, userId, clientId, role: 'user' as const, tokenExpiresAt: 0 },
      session: sampleSession({ id: sessionId, userId, clientId }),
    } as const
    const now = clock.now()
    if (kind === 'endOthers') {
      const others = model.live(userId, now).filter((other) => other !== session)
      const { ended } = await house.sessions.endOthers(principal)
      return [String(model.end(others, 'ended_by_user', now)), String(ended)]
    }
    const ending =
      kind === 'logout'
        ? house.sessions.logout(principal)
        : house.sessions.endAsAdmin({ sessionId })
    const ended = await ending.then(
      (result) => result.ended,
      (error: unknown) => (reasonOf(error) === 'session_not_found' ? 0 : -1),
    )
    const reason = kind === 'logout' ? 'logged_out' : 'ended_by_admin'
    return [String(model.end([session], reason, now)), String(ended)]
  }

  async function login(n: number, m: number): Promise<string[]> {
    const [name, clientId] = [pick(USERS, n) ?? '', pick(CLIENTS, m) ?? '']
    const input = { login: name, password: 'password', remember: true }
    const signIn = await house.sessions.login(input, clientOf(clientId))
    model.login(signIn.sessionId, name, clientId, signIn.refreshToken, clock.now())
    given.set(signIn.sessionId, { pairs: [{ signIn, issuedAt: clock.now() }] })
    return []
  }

  /** The expected and the actual answer; none where there is nothing to compare. */
  async function take([kind, n, m]: readonly [string, number, number]): Promise<string[]> {
    switch (kind) {
      case 'login':
        return login(n, m)
      case 'refresh':
        return refresh(n, 0)
      case 'replay':
        return refresh(n, 1)
      case 'replayElsewhere':
        return refresh(n, 1, 'thief')
      case 'replayOld':
        return refresh(n, 2 + (m % 3))
      case 'request':
        return request(n, m)
      case 'wait':
        clock.advance((1 + (n % 12)) * 1000)
        return []
      case 'waitLong':
        clock.advance((m % 8) * 300_000)
        return []
      case 'crash':
        if (n % CRASH_EVERY === 0) house = startProcess(await reopen(), clock)
        return []
      default:
        return end(kind as 'logout' | 'endByAdmin' | 'endOthers', n)
    }
  }

  const trace: string[] = []
  for (const [index, step] of fc.sample(STEP, { numRuns: count, seed }).entries()) {
    const [expected, actual] = await take(step)
    tally.set(expected ?? step[0], (tally.get(expected ?? step[0]) ?? 0) + 1)
    trace.push(`${index} ${step.join(' ')} → ${expected ?? ''}`)
    if (expected !== actual) {
      t.equal(actual, expected, `step ${index}: ${trace.slice(-10).join('; ')}`)
      return
    }
    for (const userId of USERS) {
      const now = clock.now()
      const listed = await house.sessionStore.listByUser(userId, now)
      const wanted = model
        .live(userId, now)
        .map(({ id, idleExpiresAt }) => `${id} ${idleExpiresAt}`)
      const found = listed.map(({ id, idleExpiresAt }) => `${id} ${idleExpiresAt}`)
      if (wanted.sort().join() === found.sort().join()) continue
      t.strictSame(found, wanted, `live after step ${index}: ${trace.slice(-10).join('; ')}`)
      return
    }
  }
  t.pass(`${count} steps without divergence: ${JSON.stringify(Object.fromEntries(tally))}`)
  const outcomes = ['rotated', 'replayed', 'reuse_detected', 'ok', 'token_expired', 'idle_timeout']
  for (const outcome of [
    ...outcomes,
    'session_limit',
    'logged_out',
    'ended_by_admin',
    'ended_by_user',
  ]) {
    t.ok((tally.get(outcome) ?? 0) > 0, `${outcome} was seen`)
  }
}
