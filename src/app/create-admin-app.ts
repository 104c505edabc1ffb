import type { Writable } from 'node:stream'
import type { Config } from '../config/schema.js'
import type { KeyAdmin } from '../domain/token.js'
import type { AccountService } from '../service/account-service.js'
import type { SessionService } from '../service/session-service.js'
import { createCore } from './create-core.js'

export interface AdminAppOptions {
  readonly config: Config
  /** Where warnings go; standard error when not given, so that output can be piped. */
  readonly logStream?: Writable & { readonly isTTY?: boolean }
}

/** What an operator does from a terminal, through the same services as everybody else. */
export interface AdminApp {
  readonly accounts: AccountService
  readonly sessions: SessionService
  readonly keys: KeyAdmin
  close(): Promise<void>
}

/** Opens the store and joins the processes that run, so that what is ended here is over there. */
export async function createAdminApp({
  config,
  logStream = process.stderr,
}: AdminAppOptions): Promise<AdminApp> {
  const core = await createCore({ config: quiet(config), processKind: 'cli', logStream })
  const { accounts, sessions, keys, lifecycle } = core
  return { accounts, sessions, keys, close: () => lifecycle.close() }
}

/** A command prints its own result; of the log only what went wrong belongs beside it. */
function quiet(config: Config): Config {
  return config.log.level === 'info' ? { ...config, log: { ...config.log, level: 'warn' } } : config
}
