import type { Writable } from 'node:stream'
import type { Config } from '../config/schema.js'
import { type AuditPage, type AuditQuery, parseAuditType } from '../domain/audit.js'
import { createCore } from './create-core.js'
import type { Services } from './create-services.js'

export interface AdminAppOptions {
  readonly config: Config
  /** Where warnings go; standard error when not given, so that output can be piped. */
  readonly logStream?: Writable & { readonly isTTY?: boolean }
}

/** What an operator does from a terminal, through the same services as everybody else. */
export interface AdminApp extends Pick<
  Services,
  'accounts' | 'credentials' | 'userAdmin' | 'sessions' | 'keys'
> {
  readonly audit: {
    /** Raises INVALID_ARGUMENT for a type that there is not. */
    list(query: Omit<AuditQuery, 'type'> & { readonly type?: string }): Promise<AuditPage>
  }
  close(): Promise<void>
}

/** Opens the store and joins the processes that run, so that what is ended here is over there. */
export async function createAdminApp({
  config,
  logStream = process.stderr,
}: AdminAppOptions): Promise<AdminApp> {
  const core = await createCore({ config: quiet(config), processKind: 'cli', logStream })
  const { accounts, credentials, userAdmin, sessions, keys, auditReader, lifecycle } = core
  const close = (): Promise<void> => lifecycle.close()
  return {
    ...{ accounts, credentials, userAdmin, sessions, keys, close },
    audit: {
      list: async ({ type, ...query }) =>
        auditReader.list({
          ...query,
          ...(type === undefined ? {} : { type: parseAuditType(type) }),
        }),
    },
  }
}

/** A command prints its own result; of the log only what went wrong belongs beside it. */
function quiet(config: Config): Config {
  return config.log.level === 'info' ? { ...config, log: { ...config.log, level: 'warn' } } : config
}
