import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { RevocationLog } from '../domain/revocation.js'
import type { SessionStore } from '../domain/session.js'
import type { SessionHandles } from '../realtime/session-handles.js'
import type { SessionRepair } from './session-repair.js'

const CLEAN_INTERVAL_MS = 60_000
const REPAIR_INTERVAL_MS = 5_000
/** Sessions asked about at once. */
const CHUNK_SESSIONS = 500
/** Sessions removed in one step, and steps taken in one go: the store has other things to do. */
const CLEAN_SESSIONS = 1000
const CLEAN_STEPS_MAX = 10

/**
 * The backstop of the promise: whatever happens to the message that says a session ended, this process asks
 * the store about every session it holds something open for, and ends what is over.
 */
export interface SessionMonitor {
  /** Begins to sweep every `sweepIntervalMs`, to repair every five seconds and to clean the store once a minute. */
  start(): void
  /**
   * Sweeps now, for when messages may have been lost. A sweep that is already running may have asked too
   * early, so another one follows it. Never rejects.
   */
  sweepNow(): Promise<void>
  /**
   * False from a `sweepNow` until a sweep that began after it has verified every session: what is open here
   * may outlive its session then, and is given nothing.
   */
  isSure(): boolean
  /** Stops, and waits for what is running. */
  close(): Promise<void>
}

export interface SessionMonitorDeps {
  readonly sessionStore: SessionStore
  readonly revocationLog: RevocationLog
  /** How long the log of ended sessions keeps an entry. */
  readonly revocationRetentionMs: number
  readonly handles: SessionHandles
  readonly clock: Clock
  readonly logger: Logger
  readonly sweepIntervalMs: number
  /** How often expired sessions are removed from the store; a minute by default. */
  readonly cleanIntervalMs?: number
  readonly repair: SessionRepair
  /** How often what was left unfinished is looked for; five seconds by default. */
  readonly repairIntervalMs?: number
}

export function createSessionMonitor(deps: SessionMonitorDeps): SessionMonitor {
  const { logger, repair, sweepIntervalMs, cleanIntervalMs = CLEAN_INTERVAL_MS } = deps
  const { repairIntervalMs = REPAIR_INTERVAL_MS } = deps
  let doubts = 0
  let doubtsOver = 0
  const sweeps = createRepeater(
    async () => {
      const doubtsBefore = doubts
      await sweep(deps)
      doubtsOver = doubtsBefore
    },
    logger,
    'cannot look for sessions that are over',
  )
  const cleanings = createRepeater(() => clean(deps), logger, 'cannot remove expired sessions')
  const repairs = createRepeater(() => repair.run(), logger, 'cannot finish the end of sessions')
  let timers: NodeJS.Timeout[] = []
  return {
    start() {
      timers = [
        setInterval(() => void sweeps.runUnlessRunning(), sweepIntervalMs).unref(),
        setInterval(() => void repairs.runUnlessRunning(), repairIntervalMs).unref(),
        setInterval(() => void cleanings.runUnlessRunning(), cleanIntervalMs).unref(),
      ]
    },
    sweepNow() {
      doubts += 1
      return sweeps.runAfresh()
    },
    isSure: () => doubtsOver === doubts,
    async close() {
      for (const timer of timers) clearInterval(timer)
      timers = []
      await Promise.all([sweeps.settled(), repairs.settled(), cleanings.settled()])
    },
  }
}

async function sweep({ sessionStore, handles, clock, logger }: SessionMonitorDeps): Promise<void> {
  const ids = handles.sessionIds()
  for (let start = 0; start < ids.length; start += CHUNK_SESSIONS) {
    const chunk = ids.slice(start, start + CHUNK_SESSIONS)
    const over = await sessionStore.findOver(chunk, clock.now())
    const closed = handles.endFound(over)
    if (closed > 0)
      logger.info({ sessions: over.length, closed }, 'closed what outlived its session')
  }
}

async function clean(deps: SessionMonitorDeps): Promise<void> {
  const { sessionStore, revocationLog, revocationRetentionMs, clock } = deps
  for (let step = 0; step < CLEAN_STEPS_MAX; step += 1) {
    const removed = await sessionStore.deleteExpired(clock.now(), CLEAN_SESSIONS)
    if (removed < CLEAN_SESSIONS) break
  }
  await revocationLog.trim(clock.now() - revocationRetentionMs)
}

/** Runs a task without overlap; what goes wrong is logged and the next run tries again. */
interface Repeater {
  runUnlessRunning(): Promise<void>
  /** A run that begins after this call. Calls that come while one waits share it. */
  runAfresh(): Promise<void>
  settled(): Promise<void>
}

function createRepeater(task: () => Promise<void>, logger: Logger, failure: string): Repeater {
  let running: Promise<void> | null = null
  let waiting: Promise<void> | null = null

  async function guarded(): Promise<void> {
    try {
      await task()
    } catch (error) {
      logger.error({ err: error }, failure)
    }
  }
  function runUnlessRunning(): Promise<void> {
    running ??= guarded().finally(() => {
      running = null
    })
    return running
  }
  return {
    runUnlessRunning,
    runAfresh() {
      if (!running) return runUnlessRunning()
      waiting ??= running.then(() => {
        waiting = null
        return runUnlessRunning()
      })
      return waiting
    },
    async settled() {
      await waiting
      await running
    },
  }
}
