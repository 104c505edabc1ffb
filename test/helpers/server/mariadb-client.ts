import { createConnection, type RowDataPacket } from 'mysql2/promise'
import { withDeadline } from './deadline.js'
import type { Account } from './mariadb-template.js'
import { uniqueName } from './unique-name.js'

const QUERY_TIMEOUT_MS = 15_000
const CONNECT_TIMEOUT_MS = 5_000

/** Everything another process needs to use a server; plain data. */
export interface MariaDbEndpoint {
  readonly host: string
  readonly port: number
  readonly app: Account
  readonly admin: Account
}

export interface Database {
  readonly name: string
  /** `mysql://user:password@host:port/name` with the rights of an application. */
  readonly url: string
}

/** A server that answers, shared or not: what a test may do without hurting others. */
export interface MariaDbClient {
  readonly endpoint: MariaDbEndpoint
  /** The URL of a database on this server, whether it exists or not. */
  readonly url: (database: string) => string
  /** Creates a database that nobody else uses. */
  readonly createDatabase: (name?: string) => Promise<Database>
  /** Runs one statement with all rights, on a connection of its own. */
  readonly query: (sql: string) => Promise<Record<string, unknown>[]>
}

export function createMariaDbClient(endpoint: MariaDbEndpoint): MariaDbClient {
  const { host, port, app } = endpoint
  const url = (database: string): string =>
    `mysql://${app.user}:${app.password}@${host}:${port}/${database}`
  return {
    endpoint,
    url,
    async createDatabase(name = uniqueName('db')) {
      if (!/^[a-z0-9_]{1,64}$/.test(name)) throw new Error(`unfit as a database name: ${name}`)
      await queryMariaDb(endpoint, `CREATE DATABASE \`${name}\``)
      return { name, url: url(name) }
    },
    query: (sql) => queryMariaDb(endpoint, sql),
  }
}

/** Runs one statement as the administrator; a statement without rows gives an empty list. */
export async function queryMariaDb(
  { host, port, admin }: MariaDbEndpoint,
  sql: string,
): Promise<Record<string, unknown>[]> {
  const connection = await createConnection({
    host,
    port,
    user: admin.user,
    password: admin.password,
    connectTimeout: CONNECT_TIMEOUT_MS,
  })
  // A connection that is lost outside of a query says so here, and must not end the process.
  connection.on('error', () => undefined)
  try {
    const work = connection.query<RowDataPacket[]>(sql)
    const [rows] = await withDeadline(`answer to ${sql}`, QUERY_TIMEOUT_MS, work)
    return Array.isArray(rows) ? rows.map((row) => ({ ...row })) : []
  } finally {
    connection.destroy()
  }
}
