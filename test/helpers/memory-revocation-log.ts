import type { Revocation, RevocationLog } from '../../src/domain/revocation.js'
import { AppError } from '../../src/errors/app-error.js'

/** A log of ended sessions in memory; `entries` is what is in it. */
export interface MemoryRevocationLog extends RevocationLog {
  readonly entries: Revocation[]
  /** How often the log was read. */
  readonly reads: () => number
  /** Every method raises UNAVAILABLE, until set to false again. */
  setDown(isDown: boolean): void
  /** Forgets everything and begins again, as a store that was lost. */
  lose(): void
}

export function createMemoryRevocationLog(): MemoryRevocationLog {
  const entries: Revocation[] = []
  const known = new Set<string>()
  let [lives, newest, trimmed, reads, down] = [1, 0, 0, 0, false]
  const epoch = (): string => `epoch${lives}`
  const sessionAt = (number: number): string =>
    entries.find((entry) => entry.number === number)?.id ?? ''
  const assertUp = (): void => {
    if (down) throw new AppError('UNAVAILABLE', 'log_down', 'The log is away.')
  }
  return {
    entries,
    reads: () => reads,
    setDown(isDown) {
      down = isDown
    },
    lose() {
      entries.length = 0
      known.clear()
      ;[lives, newest, trimmed] = [lives + 1, 0, 0]
    },
    async append(sessions, endedAt) {
      assertUp()
      for (const session of sessions) {
        if (known.has(session.id)) continue
        known.add(session.id)
        newest += 1
        entries.push({ ...session, number: newest, endedAt })
      }
    },
    async read(after, limit) {
      reads += 1
      assertUp()
      const there = sessionAt(after.number)
      const isOther = after.sessionId !== '' && there !== '' && there !== after.sessionId
      if (after.epoch !== epoch() || after.number > newest || after.number < trimmed || isOther) {
        return null
      }
      const revocations = entries.filter(({ number }) => number > after.number).slice(0, limit)
      const last = revocations.at(-1)
      const position = last
        ? { epoch: after.epoch, number: last.number, sessionId: last.id }
        : after
      return { revocations, position }
    },
    async positionAt(since) {
      assertUp()
      const first = entries.find(({ endedAt }) => endedAt >= since)?.number ?? newest + 1
      return { epoch: epoch(), number: first - 1, sessionId: sessionAt(first - 1) }
    },
    async trim(before) {
      assertUp()
      const found = entries.findIndex(({ endedAt }) => endedAt >= before)
      const removed = entries.splice(0, found === -1 ? entries.length : found)
      for (const { id } of removed) known.delete(id)
      trimmed = removed.at(-1)?.number ?? trimmed
      return removed.length
    },
  }
}
