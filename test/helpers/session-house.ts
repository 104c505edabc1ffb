import { createTokenIssuer } from '../../src/auth/token-issuer.js'
import { createTokenVault } from '../../src/auth/token-vault.js'
import { createTokenVerifier } from '../../src/auth/token-verifier.js'
import type { Principal, SessionPolicy } from '../../src/domain/session.js'
import type { User } from '../../src/domain/user.js'
import { createAuthObservers } from '../../src/realtime/auth-observers.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createAuthAnnouncer } from '../../src/service/auth-announcer.js'
import { createAuthenticationService } from '../../src/service/authentication-service.js'
import { createAuditTrail } from '../../src/service/audit-trail.js'
import { createPasswordThrottle } from '../../src/service/password-throttle.js'
import { createSessionEnder } from '../../src/service/session-ender.js'
import { createSessionService } from '../../src/service/session-service.js'
import { surveyDeps } from './stub-survey-handlers.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { createUserDirectory } from '../../src/service/user-directory.js'
import { createFakeBroker } from './fake-broker.js'
import { createFakeClock } from './fake-clock.js'
import { createFakePasswordHasher } from './fake-password-hasher.js'
import { createMemoryAuditLog } from './memory-audit-log.js'
import { createMemoryCounterStore } from './memory-counter-store.js'
import { createMemoryLogger } from './memory-logger.js'
import { createMemoryRevocationLog } from './memory-revocation-log.js'
import { createMemorySessionStore } from './memory-session-store.js'
import { createMemoryUnfinishedEnds } from './memory-unfinished-ends.js'
import { createMemoryUserRepository } from './memory-user-repository.js'
import { createTestKey, createTestRing } from './test-keys.js'

export const ACCESS_SECONDS = 600
export const IDLE_SECONDS = 7 * 86_400
export const SHORT_IDLE_SECONDS = 3600
export const ABSOLUTE_SECONDS = 30 * 86_400
export const REPLAY_WINDOW_MS = 10_000

export const THROTTLE_RULES = {
  windowSeconds: 900,
  accountFailuresMax: 20,
  clientFailuresMax: 20,
  addressFailuresMax: 100,
  registrationsMax: 3,
  knownClientSeconds: 86_400,
}

export const LAPTOP = { clientId: 'laptop', userAgent: 'Browser/1', address: '192.0.2.1' }
export const PHONE = { clientId: 'phone', userAgent: 'Browser/2', address: '192.0.2.2' }

const key = createTestKey('EdDSA')

/**
 * The session and authentication services over fakes of every store, with real tokens. Two processes hold
 * handles: `handles` is this one, `otherHandles` the other.
 */
export function createSessionHouse(policy: SessionPolicy = { mode: 'unlimited' }) {
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  const users = createMemoryUserRepository()
  const sessionStore = createMemorySessionStore()
  const revocationLog = createMemoryRevocationLog()
  const passwordHasher = createFakePasswordHasher()
  const auditLog = createMemoryAuditLog()
  const broker = createFakeBroker()
  const handles = createSessionHandles()
  const otherHandles = createSessionHandles()
  const userDirectory = createUserDirectory({ users, clock })
  const observers = createAuthObservers()
  const keyRing = createTestRing(key)
  const keys = {
    drop: (keyIds: readonly string[]) => keyIds.filter((id) => keyRing.keys.delete(id)).length,
  }
  const process = { sessionStore, userDirectory, observers, keys }
  broker.join(createSurveyHandlers(surveyDeps({ ...process, handles })))
  broker.join(createSurveyHandlers(surveyDeps({ ...process, handles: otherHandles })))

  const audience = { issuer: 'house', audience: 'house' }
  const tokenIssuer = createTokenIssuer({ keyRing, ...audience })
  const tokenVerifier = createTokenVerifier({
    keyRing,
    clock,
    ...audience,
    accessLifetimeSecondsMax: ACCESS_SECONDS,
    refreshLifetimeSecondsMax: ABSOLUTE_SECONDS,
    tabLifetimeSecondsMax: 3600,
    clockSkewSeconds: 5,
    cacheEntriesMax: 100,
  })
  const tokenVault = createTokenVault()
  const auditTrail = createAuditTrail({ auditLog, clock, logger })
  const surveyTimeoutMs = 1000
  const ender = createSessionEnder({
    ...{ sessionStore, revocationLog, broker, auditTrail, clock, logger, surveyTimeoutMs },
  })
  const counters = createMemoryCounterStore()
  const throttle = createPasswordThrottle({ counters, auditTrail, clock, rules: THROTTLE_RULES })
  const deps = {
    users,
    userDirectory,
    sessionStore,
    revocationLog,
    passwordHasher,
    tokenIssuer,
    tokenVerifier,
    tokenVault,
    broker,
    announcer: createAuthAnnouncer({ broker, logger, surveyTimeoutMs: 1000 }),
    unfinishedEnds: createMemoryUnfinishedEnds(),
    auditLog,
    auditTrail,
    ender,
    counters,
    throttle,
    clock,
    logger,
    policy,
    accessTokenSeconds: ACCESS_SECONDS,
    refreshReplayWindowMs: REPLAY_WINDOW_MS,
    idleSeconds: IDLE_SECONDS,
    shortIdleSeconds: SHORT_IDLE_SECONDS,
    absoluteSeconds: ABSOLUTE_SECONDS,
    surveyTimeoutMs,
  }
  const sessions = createSessionService(deps)
  const authentication = createAuthenticationService(deps)
  const user = users.add({
    id: 'user-1',
    username: 'ada',
    email: 'ada@example.com',
    passwordHash: 'hash:correct horse',
  })

  return {
    ...deps,
    deps,
    keyRing,
    handles,
    otherHandles,
    observers,
    sessions,
    authentication,
    user,
    login: (client = LAPTOP, remember = true) =>
      sessions.login({ login: 'ada', password: 'correct horse', remember }, client),
    authenticate: (accessToken: string): Promise<Principal> =>
      authentication.authenticate(accessToken),
    freeze: (frozen: User) =>
      void users.update({ afterCommit() {} }, frozen.id, { state: 'frozen' }),
  }
}
