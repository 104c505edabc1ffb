import type { HistoryQuery, PublishOptions } from '../domain/channel-broker.js'
import { AppError } from '../errors/app-error.js'

/** A history of no size keeps nothing: it is none. */
export function historyOf(options: PublishOptions): PublishOptions['history'] {
  if (options.history === null) return null
  const size = Math.trunc(options.history.size)
  const lifetimeMs = Math.trunc(options.history.lifetimeMs)
  return size > 0 && lifetimeMs > 0 ? { size, lifetimeMs } : null
}

/** The offsets between which a page lies, both exclusive. An offset from outside may be any number. */
export function rangeOf({ since, reverse }: HistoryQuery): { after: number; before: number } {
  if (since === null) return { after: 0, before: Number.MAX_SAFE_INTEGER }
  const whole = Number.isFinite(since.offset) ? Math.trunc(since.offset) : Number.MAX_SAFE_INTEGER
  const offset = Math.min(Math.max(whole, 0), Number.MAX_SAFE_INTEGER)
  return reverse ? { after: 0, before: offset } : { after: offset, before: Number.MAX_SAFE_INTEGER }
}

/** How many entries an answer may have. */
export function limitOf({ limit }: Pick<HistoryQuery, 'limit'>): number {
  return Number.isFinite(limit) ? Math.max(0, Math.trunc(limit)) : Number.MAX_SAFE_INTEGER
}

/** The error of whoever uses a line that is closed, or not open yet. */
export function channelsClosed(): AppError {
  return new AppError('UNAVAILABLE', 'broker_closed', 'The line to the processes is closed.')
}

/** The error of a second start, and of one after the end. */
export function channelsStarted(): AppError {
  return new AppError('INTERNAL', 'broker_started', 'A broker is started once.')
}
