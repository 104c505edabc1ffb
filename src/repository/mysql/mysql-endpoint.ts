import { invalidArgument } from '../../errors/app-error.js'

const DEFAULT_PORT = 3306

/** One server to dial, whom to be there, and the database to use. */
export interface MysqlEndpoint {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
}

/**
 * Reads `mysql://user:password@host[:port]/database` (or `mariadb://`).
 * Raises INVALID_ARGUMENT, without repeating the URL: it may hold a password.
 */
export function parseMysqlUrl(text: string): MysqlEndpoint {
  if (!URL.canParse(text)) {
    throw invalidArgument('A MySQL URL cannot be read; expected mysql://user:password@host/name.')
  }
  const url = new URL(text)
  const database = decode(url.pathname.slice(1))
  const isKnown = url.protocol === 'mysql:' || url.protocol === 'mariadb:'
  if (!isKnown || url.hostname === '' || database === '' || database.includes('/')) {
    throw invalidArgument('A MySQL URL must be mysql://, name a host and end with one database.')
  }
  if (url.search !== '' || url.hash !== '') {
    throw invalidArgument('A MySQL URL has no options; they are keys of the configuration.')
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? DEFAULT_PORT : Number(url.port),
    user: decode(url.username),
    password: decode(url.password),
    database,
  }
}

/** `host:port`, as it may be logged. */
export function addressOf({ host, port }: { host: string; port: number }): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalidArgument('A MySQL URL has a "%" that begins no escape; write it as %25.')
  }
}
