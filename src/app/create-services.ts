import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.js'
import type { AuditLog } from '../domain/audit.js'
import type { Broker } from '../domain/broker.js'
import type { ChannelBroker, PresenceStore } from '../domain/channel-broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { SessionPolicy, SessionStore } from '../domain/session.js'
import type { TransactionRunner } from '../domain/transaction.js'
import type { UserRepository } from '../domain/user.js'
import { type AccountService, createAccountService } from '../service/account-service.js'
import {
  type AuthenticationService,
  createAuthenticationService,
} from '../service/authentication-service.js'
import type { Namespaces } from '../realtime/namespace.js'
import { createPushService, type PushService } from '../service/push-service.js'
import { createRealtimeService, type RealtimeService } from '../service/realtime-service.js'
import { createSessionService, type SessionService } from '../service/session-service.js'
import { PACKAGE_ROOT } from '../util/package-root.js'
import type { Auth } from './create-auth.js'

const COMMON_PASSWORD_FILE = join(PACKAGE_ROOT, 'assets', 'wordlists', 'common-passwords.txt')

export interface ServicesDeps {
  readonly config: Config
  readonly clock: Clock
  readonly logger: Logger
  readonly auth: Auth
  readonly users: UserRepository
  readonly auditLog: AuditLog
  readonly transactions: TransactionRunner
  readonly sessionStore: SessionStore
  readonly broker: Broker
  readonly channelBroker: ChannelBroker
  readonly presence: PresenceStore
  readonly namespaces: Namespaces
}

/** The use cases, each over the ports that it names. */
export interface Services {
  readonly authentication: AuthenticationService
  readonly sessions: SessionService
  readonly accounts: AccountService
  readonly push: PushService
  readonly realtime: RealtimeService
}

export function createServices(deps: ServicesDeps): Services {
  const { config, clock, logger, auth, users, auditLog, sessionStore, broker } = deps
  const { session } = config
  const { surveyTimeoutMs } = config.broker
  const { tokenVerifier, passwordHasher } = auth
  return {
    authentication: createAuthenticationService({
      ...{ tokenVerifier, sessionStore, clock, logger },
      idleSeconds: session.idleSeconds,
    }),
    sessions: createSessionService({
      ...{ users, sessionStore, auditLog, broker, clock, logger, tokenVerifier, passwordHasher },
      tokenIssuer: auth.tokenIssuer,
      tokenVault: auth.tokenVault,
      policy: policyOf(session),
      accessTokenSeconds: config.auth.accessTokenSeconds,
      refreshReplayWindowMs: config.auth.refreshReplayWindowMs,
      idleSeconds: session.idleSeconds,
      shortIdleSeconds: session.shortIdleSeconds,
      absoluteSeconds: session.absoluteSeconds,
      surveyTimeoutMs,
    }),
    accounts: createAccountService({
      ...{ users, auditLog, passwordHasher, clock },
      transactions: deps.transactions,
      isCommonPassword: createCommonPasswordCheck(),
    }),
    push: createPushService({ broker, surveyTimeoutMs }),
    realtime: createRealtimeService({
      ...{ broker, surveyTimeoutMs },
      namespaces: deps.namespaces,
      channelBroker: deps.channelBroker,
      presence: deps.presence,
    }),
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
