import { invalidArgument } from '../../errors/app-error.js'

const DEFAULT_PORT = 6379
const DEFAULT_SENTINEL_PORT = 26_379

/** How to verify the server's certificate and to show one of our own; PEM texts. */
export interface RedisTls {
  readonly ca?: string
  readonly cert?: string
  readonly key?: string
  /** The name expected in the certificate, when it is not the host that is dialled. */
  readonly servername?: string
  /** False accepts any certificate; only for a test. */
  readonly rejectUnauthorized?: boolean
}

/** One server to dial and what to show it. */
export interface RedisEndpoint {
  readonly host: string
  readonly port: number
  readonly username?: string
  readonly password?: string
  readonly database?: number
  /** Absent: plain TCP. */
  readonly tls?: RedisTls
}

/** What is given beside the URLs; a URL's own user and password win. */
export interface RedisCredentials {
  readonly username?: string | undefined
  readonly password?: string | undefined
  readonly tls?: boolean | RedisTls | undefined
}

/**
 * Reads `redis://[user:password@]host[:port][/database]`; `rediss` means TLS.
 * Raises INVALID_ARGUMENT, without repeating the URL: it may hold a password.
 */
export function parseRedisUrl(
  text: string,
  credentials: RedisCredentials,
  defaultPort = DEFAULT_PORT,
): RedisEndpoint {
  const url = parse(text)
  const username = decodeURIComponent(url.username) || credentials.username
  const password = decodeURIComponent(url.password) || credentials.password
  const database = databaseOf(url)
  const tls = tlsOf(url, credentials)
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? defaultPort : Number(url.port),
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(database === 0 ? {} : { database }),
    ...(tls === undefined ? {} : { tls }),
  }
}

/** Reads the URL of a Sentinel; its default port is 26379. */
export function parseSentinelUrl(text: string, credentials: RedisCredentials): RedisEndpoint {
  return parseRedisUrl(text, credentials, DEFAULT_SENTINEL_PORT)
}

/** `host:port`, as Redis writes it and as it may be logged. */
export function addressOf(endpoint: { host: string; port: number }): string {
  return `${endpoint.host}:${endpoint.port}`
}

/** The same credentials towards another server of the same deployment. */
export function withAddress(endpoint: RedisEndpoint, host: string, port: number): RedisEndpoint {
  return { ...endpoint, host, port }
}

function parse(text: string): URL {
  let url: URL
  try {
    url = new URL(text)
  } catch {
    throw invalidArgument('A Redis URL cannot be read; expected redis://host:port.')
  }
  const isKnown = url.protocol === 'redis:' || url.protocol === 'rediss:'
  if (!isKnown || url.hostname === '') {
    throw invalidArgument('A Redis URL must begin with redis:// or rediss:// and name a host.')
  }
  return url
}

function databaseOf(url: URL): number {
  if (url.pathname === '' || url.pathname === '/') return 0
  const database = Number(url.pathname.slice(1))
  if (!Number.isInteger(database) || database < 0) {
    throw invalidArgument('The path of a Redis URL must be the number of a database.')
  }
  return database
}

function tlsOf(url: URL, { tls }: RedisCredentials): RedisTls | undefined {
  if (typeof tls === 'object') return tls
  return tls === true || url.protocol === 'rediss:' ? {} : undefined
}
