import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.js'
import type { AuditLog } from '../domain/audit.js'
import type { Broker } from '../domain/broker.js'
import type { ChannelBroker, PresenceStore } from '../domain/channel-broker.js'
import type { Clock } from '../domain/clock.js'
import type { CounterStore } from '../domain/counter.js'
import type { Logger } from '../domain/logger.js'
import type { OneTimeStore } from '../domain/one-time-store.js'
import type { RevocationLog } from '../domain/revocation.js'
import type { SessionPolicy, SessionStore } from '../domain/session.js'
import type { TransactionRunner } from '../domain/transaction.js'
import type { UnfinishedEndRepository } from '../domain/unfinished-end.js'
import type { UserRepository } from '../domain/user.js'
import { type AccountService, createAccountService } from '../service/account-service.js'
import {
  type AuthenticationService,
  createAuthenticationService,
} from '../service/authentication-service.js'
import { type AuditTrail, createAuditTrail } from '../service/audit-trail.js'
import { createCredentialService, type CredentialService } from '../service/credential-service.js'
import { createKeyService, type KeyService } from '../service/key-service.js'
import { createPasswordThrottle, type PasswordThrottle } from '../service/password-throttle.js'
import type { Namespaces } from '../realtime/namespace.js'
import { createPushService, type PushService } from '../service/push-service.js'
import { createRealtimeService, type RealtimeService } from '../service/realtime-service.js'
import { createSessionEnder, type SessionEnder } from '../service/session-ender.js'
import { createSessionRepair, type SessionRepair } from '../service/session-repair.js'
import { createSessionService, type SessionService } from '../service/session-service.js'
import { createSessionTerminator, type SessionTerminator } from '../service/session-terminator.js'
import {
  createTokenInspectionService,
  type TokenInspectionService,
} from '../service/token-inspection-service.js'
import { createUserAdminService, type UserAdminService } from '../service/user-admin-service.js'
import { createTabService, type TabService } from '../service/tab-service.js'
import type { UserDirectory } from '../service/user-directory.js'
import { PACKAGE_ROOT } from '../util/package-root.js'
import type { Auth } from './create-auth.js'
import { type AuthAnnouncer, createAuthAnnouncer } from '../service/auth-announcer.js'

const COMMON_PASSWORD_FILE = join(PACKAGE_ROOT, 'assets', 'wordlists', 'common-passwords.txt')

export interface ServicesDeps {
  readonly config: Config
  readonly clock: Clock
  readonly logger: Logger
  readonly auth: Auth
  readonly users: UserRepository
  readonly userDirectory: UserDirectory
  readonly auditLog: AuditLog
  readonly transactions: TransactionRunner
  readonly unfinishedEnds: UnfinishedEndRepository
  readonly sessionStore: SessionStore
  readonly counters: CounterStore
  readonly oneTimeValues: OneTimeStore
  readonly revocationLog: RevocationLog
  readonly broker: Broker
  readonly channelBroker: ChannelBroker
  readonly presence: PresenceStore
  readonly namespaces: Namespaces
}

/** The use cases, each over the ports that it names. */
export interface Services {
  readonly authentication: AuthenticationService
  readonly sessions: SessionService
  readonly sessionTerminator: SessionTerminator
  readonly accounts: AccountService
  readonly credentials: CredentialService
  readonly userAdmin: UserAdminService
  readonly keys: KeyService
  readonly tokenInspection: TokenInspectionService
  /** What was written down, for administrators. */
  readonly auditReader: Pick<AuditLog, 'list'>
  readonly push: PushService
  readonly realtime: RealtimeService
  readonly tabs: TabService
  readonly sessionRepair: SessionRepair
}

/** What several services do together: end sessions, limit guessing, write down. */
interface Shared {
  readonly auditTrail: AuditTrail
  readonly announcer: AuthAnnouncer
  readonly ender: SessionEnder
  readonly throttle: PasswordThrottle
  readonly isCommonPassword: (password: string) => boolean
}

export function createServices(deps: ServicesDeps): Services {
  const { config, clock, logger, auth, users, sessionStore, broker } = deps
  const { surveyTimeoutMs } = config.broker
  const { tokenVerifier } = auth
  const shared = createShared(deps)
  const authentication = createAuthenticationService({
    ...{ tokenVerifier, sessionStore, clock, logger },
    idleSeconds: config.session.idleSeconds,
  })
  return {
    authentication,
    sessions: createSessions(deps, shared),
    sessionTerminator: createSessionTerminator(shared),
    ...createAccounts(deps, shared),
    keys: createKeyService({ ...shared, broker, logger, surveyTimeoutMs, keys: auth.keys }),
    tokenInspection: createTokenInspectionService({
      ...{ ...shared, authentication, tokenVerifier, users },
    }),
    auditReader: deps.auditLog,
    push: createPushService({ broker, surveyTimeoutMs }),
    realtime: createRealtimeService({
      ...{ broker, surveyTimeoutMs },
      namespaces: deps.namespaces,
      channelBroker: deps.channelBroker,
      presence: deps.presence,
    }),
    tabs: createTabService({
      ...{ tokenIssuer: auth.tokenIssuer, tokenVerifier, clock },
      tabTokenSeconds: config.graphql.tabTokenSeconds,
    }),
    sessionRepair: createSessionRepair({ ...deps, ...shared }),
  }
}

function createShared(deps: ServicesDeps): Shared {
  const { config, clock, logger, auditLog, counters, sessionStore, revocationLog, broker } = deps
  const { surveyTimeoutMs } = config.broker
  const auditTrail = createAuditTrail({ auditLog, clock, logger })
  return {
    auditTrail,
    announcer: createAuthAnnouncer({ broker, logger, surveyTimeoutMs }),
    ender: createSessionEnder({
      ...{ sessionStore, revocationLog, broker, auditTrail, clock, logger, surveyTimeoutMs },
    }),
    throttle: createPasswordThrottle({ counters, auditTrail, clock, rules: config.throttle }),
    isCommonPassword: createCommonPasswordCheck(),
  }
}

function createSessions(deps: ServicesDeps, shared: Shared): SessionService {
  const { config, clock, logger, auth, users, sessionStore, broker } = deps
  const { tokenIssuer, tokenVerifier, tokenVault, passwordHasher } = auth
  const { session } = config
  return createSessionService({
    ...{ ...shared, users, sessionStore, broker, clock, logger },
    userDirectory: deps.userDirectory,
    revocationLog: deps.revocationLog,
    ...{ tokenIssuer, tokenVerifier, tokenVault, passwordHasher },
    policy: policyOf(session),
    accessTokenSeconds: config.auth.accessTokenSeconds,
    refreshReplayWindowMs: config.auth.refreshReplayWindowMs,
    idleSeconds: session.idleSeconds,
    shortIdleSeconds: session.shortIdleSeconds,
    absoluteSeconds: session.absoluteSeconds,
    surveyTimeoutMs: config.broker.surveyTimeoutMs,
  })
}

function createAccounts(
  deps: ServicesDeps,
  shared: Shared,
): Pick<Services, 'accounts' | 'credentials' | 'userAdmin'> {
  const { auth, users, auditLog, transactions, unfinishedEnds, clock, oneTimeValues } = deps
  const { resetLinkSeconds, resetUrl } = deps.config.password
  const { passwordHasher, tokenVault } = auth
  const base = { ...shared, users, auditLog, transactions, unfinishedEnds, clock, passwordHasher }
  return {
    accounts: createAccountService(base),
    credentials: createCredentialService({
      ...{ ...base, oneTimeValues, tokenVault, resetLinkSeconds, resetUrl },
    }),
    userAdmin: createUserAdminService(base),
  }
}

function policyOf({ policy, limit, onLimit }: Config['session']): SessionPolicy {
  return policy === 'limit' ? { mode: policy, limit, onLimit } : { mode: policy }
}

/** The list is read when the first password is chosen, not at start. */
function createCommonPasswordCheck(): (password: string) => boolean {
  let list: ReadonlySet<string> | undefined
  return (password) => {
    list ??= new Set(readFileSync(COMMON_PASSWORD_FILE, 'utf8').split('\n').filter(Boolean))
    return list.has(password)
  }
}
