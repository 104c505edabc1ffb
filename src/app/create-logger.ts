import type { Writable } from 'node:stream'
import { pino, type Logger } from 'pino'
import { createLineGatherer } from './line-gatherer.js'
import { maskSecrets } from '../util/mask-secrets.js'

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
    // pino's own redaction walks every wildcard path on every line: an eighth of the CPU of a request.
    formatters: { log: maskSecrets },
  }
  const isPretty = format === 'pretty' || (format === 'auto' && stream.isTTY === true)
  if (!isPretty) {
    const timestamp = pino.stdTimeFunctions.isoTime
    return pino({ ...base, timestamp }, createLineGatherer(stream))
  }
  const { default: pretty } = await import('pino-pretty')
  return pino(base, pretty({ destination: stream, sync: true, ignore: 'pid,hostname' }))
}
