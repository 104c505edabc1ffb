import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config/schema.js'
import type { AuditLog } from '../domain/audit.js'
import type { Broker } from '../domain/broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { SessionPolicy, SessionStore } from '../domain/session.js'
import type { TransactionRunner } from '../domain/transaction.js'
import type { UserRepository } from '../domain/user.js'
import { type AccountService, createAccountService } from '../service/account-service.js'
import { createAuthAnnouncer } from '../service/auth-announcer.js'
import {
  type AuthenticationService,
  createAuthenticationService,
} from '../service/authentication-service.js'
import { type ChangePassword, createPasswordChange } from '../service/password-change.js'
import { createPushService, type PushService } from '../service/push-service.js'
import { createAuditTrail } from '../service/audit-trail.js'
import { createSessionEnder } from '../service/session-ender.js'
import { createSessionService, type SessionService } from '../service/session-service.js'
import { createTabService, type TabService } from '../service/tab-service.js'
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
}

/** The use cases, each over the ports that it names. */
export interface Services {
  readonly authentication: AuthenticationService
  readonly sessions: SessionService
  readonly accounts: AccountService
  readonly push: PushService
  readonly tabs: TabService
  readonly changePassword: ChangePassword
}

export function createServices(deps: ServicesDeps): Services {
  const { config, clock, logger, auth, users, auditLog, sessionStore, broker } = deps
  const { session } = config
  const { surveyTimeoutMs } = config.broker
  const { tokenVerifier, tokenIssuer, passwordHasher } = auth
  const announcer = createAuthAnnouncer({ broker, logger, surveyTimeoutMs })
  const isCommonPassword = createCommonPasswordCheck()
  const auditTrail = createAuditTrail({ auditLog, clock, logger })
  return {
    authentication: createAuthenticationService({
      ...{ tokenVerifier, sessionStore, clock, logger },
      idleSeconds: session.idleSeconds,
    }),
    sessions: createSessionService({
      ...{ users, sessionStore, auditLog, broker, clock, logger, tokenVerifier, passwordHasher },
      tokenIssuer,
      announcer,
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
      ...{ users, auditLog, passwordHasher, clock, announcer },
      transactions: deps.transactions,
      isCommonPassword,
    }),
    push: createPushService({ broker, surveyTimeoutMs }),
    changePassword: createPasswordChange({
      ...{ users, auditLog, passwordHasher, clock, isCommonPassword },
      transactions: deps.transactions,
      ender: createSessionEnder({
        ...{ sessionStore, broker, auditTrail, clock, logger, surveyTimeoutMs },
      }),
    }),
    tabs: createTabService({
      ...{ tokenIssuer, tokenVerifier, clock },
      tabTokenSeconds: config.graphql.tabTokenSeconds,
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
