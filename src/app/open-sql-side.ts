import { readFile } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { Config } from '../config/schema.js'
import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'
import type { MigrationTarget } from '../repository/migration/migration-history.js'
import type { MysqlTls } from '../repository/mysql/mysql-connection.js'
import type { MysqlStore } from '../repository/mysql/mysql-store.js'
import type { SqlStore } from '../repository/sql-store.js'
import { openSqliteStore, type SqliteStore } from '../repository/sqlite-store.js'

/** Where accounts and the audit log live. */
export interface SqlSide {
  readonly sql: SqlStore & MigrationTarget
  /** The embedded file, which may hold sessions too; null where it is not used. */
  readonly sqlite: SqliteStore | null
  /** The server, whose writes the other processes want to hear of; null where it is not used. */
  readonly mysql: MysqlStore | null
  /** By part, for readiness: each raises UNAVAILABLE when it cannot be used. */
  readonly checks: Readonly<Record<string, () => void>>
  /** Safe to call twice. */
  close(): Promise<void>
}

/**
 * Opens the SQL store that the configuration names. Raises UNAVAILABLE or FAILED_PRECONDITION naming the file
 * or the server.
 */
export async function openSqlSide(config: Config, logger: Logger): Promise<SqlSide> {
  return config.mysql.url === '' ? openSqliteFile(config) : openMysqlServers(config, logger)
}

function openSqliteFile(config: Config): SqlSide {
  const { file, busyTimeoutMs, synchronous } = config.store.sqlite
  const sqlite = openSqliteStore({
    file: isAbsolute(file) ? file : join(config.dataDir, file),
    ...{ busyTimeoutMs, synchronous },
  })
  return {
    ...{ sql: sqlite, sqlite, mysql: null },
    checks: { store: () => void sqlite.read((connection) => connection.prepare('SELECT 1').get()) },
    close: () => sqlite.close(),
  }
}

/** Loaded only where it is configured: the client costs a start some time. */
async function openMysqlServers({ mysql }: Config, logger: Logger): Promise<SqlSide> {
  const { openMysqlStore } = await import('../repository/mysql/mysql-store.js')
  const { url, replicaUrls, connectionsMax, lifetimeMs, idleTimeoutMs } = mysql
  const { connectTimeoutMs, queryTimeoutMs, readYourWritesMs } = mysql
  const tls = await tlsOf(mysql)
  const store = openMysqlStore({
    ...{ url, replicaUrls, connectionsMax, lifetimeMs, idleTimeoutMs },
    ...{ connectTimeoutMs, queryTimeoutMs, readYourWritesMs, logger },
    ...(tls === null ? {} : { tls }),
  })
  try {
    await store.start()
  } catch (error) {
    await store.close()
    throw error
  }
  return {
    ...{ sql: store, sqlite: null, mysql: store },
    checks: { mysql: () => store.check() },
    close: () => store.close(),
  }
}

async function tlsOf({ tls, tlsCaFile, tlsVerify }: Config['mysql']): Promise<MysqlTls | null> {
  if (!tls) return null
  if (tlsCaFile === '') return { verify: tlsVerify }
  try {
    return { verify: tlsVerify, ca: await readFile(tlsCaFile, 'utf8') }
  } catch (error) {
    const message = `The file of mysql.tlsCaFile, ${tlsCaFile}, cannot be read.`
    throw new AppError('FAILED_PRECONDITION', 'store_refused', message, { cause: error })
  }
}
