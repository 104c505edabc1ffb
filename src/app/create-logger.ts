import type { Writable } from 'node:stream'
import { pino, type Logger } from 'pino'

/** Wherever these names appear as a member, their value never reaches the log. */
const SECRET_NAMES = [
  'password',
  'passwordHash',
  'token',
  'accessToken',
  'refreshToken',
  'authorization',
  'cookie',
  'apiKey',
  'cookieSecret',
]
const SECRET_PATHS = SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`])

export interface LoggerOptions {
  readonly level: string
  /** `auto`: pretty on a terminal, JSON lines elsewhere. */
  readonly format: 'auto' | 'json' | 'pretty'
  /** The name of the service, on every line. */
  readonly service: string
  readonly stream: Writable & { readonly isTTY?: boolean }
}

/** The structured log of one process (pino), with secrets masked. */
export async function createLogger(options: LoggerOptions): Promise<Logger> {
  const { level, format, service, stream } = options
  const base = {
    level,
    base: { service },
    redact: { paths: SECRET_PATHS, censor: '[masked]' },
  }
  const isPretty = format === 'pretty' || (format === 'auto' && stream.isTTY === true)
  if (!isPretty) return pino({ ...base, timestamp: pino.stdTimeFunctions.isoTime }, stream)
  const { default: pretty } = await import('pino-pretty')
  return pino(base, pretty({ destination: stream, sync: true, ignore: 'pid,hostname' }))
}
