import { randomUUID } from 'node:crypto'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { BrokerConnection, BrokerStore, BrokerWatch } from './broker-store.js'
import { createProcessLease, type ProcessLease } from './process-lease.js'

export interface SqliteLineDeps {
  readonly store: BrokerStore
  readonly clock: Clock
  readonly logger: Logger
  /** What this process is (`http`, `socket`, …), for whoever looks at the table of processes. */
  readonly processKind: string
  /** How often to ask whether anybody has written. */
  readonly pollIntervalMs: number
  /** How often to renew the lease and to prune. */
  readonly heartbeatMs: number
  /** How long a process that is not heard of counts as alive; several heartbeats. */
  readonly leaseMs: number
  /** How long a message waits for a process that is slow to read it. */
  readonly retentionMs: number
}

/** One that reads what the other processes write. Its methods are synchronous. */
export interface LineRider {
  /** The others wait for answers of this one: the lease is given up when it leaves. */
  readonly isAsked?: boolean
  /** In the transaction in which the process enters, and again when the file was replaced: begins to read from here on. */
  enter(db: BrokerConnection): void
  /** Something was written. True when there may be more to read. */
  read?(watch: BrokerWatch): boolean
  /** Messages may have been lost. */
  onGap?(why: string): void
  /** After each renewal of the lease; `lapsed` when the others may have taken this process for dead before. */
  onBeat?(lapsed: boolean): void
}

/** The place of this process on a SQLite file: one lease, one look at the file's version for all who ride on it. */
export interface SqliteLine {
  /** This process among the others; random per start. */
  readonly processId: string
  /** Ids of the other processes that are alive. */
  listOthers(db: BrokerConnection): string[]
  /** Enters with the first rider, and begins to call this one. Raises UNAVAILABLE. */
  join(rider: LineRider): Promise<void>
  /** Lets it read a last time; leaves with the last rider. No-op for one that has not joined; never rejects. */
  leave(rider: LineRider): Promise<void>
}

/** Opens nothing yet: `join` does. */
export function createSqliteLine(deps: SqliteLineDeps): SqliteLine {
  return new FileLine(deps)
}

class FileLine implements SqliteLine {
  readonly processId = randomUUID()
  readonly #deps: SqliteLineDeps
  readonly #store: BrokerStore
  readonly #lease: ProcessLease
  readonly #riders = new Set<LineRider>()
  #entering: Promise<void> | undefined
  #watch: BrokerWatch | undefined
  #timers: NodeJS.Timeout[] = []
  #beating: Promise<void> | undefined
  /** The version of the file up to which all is read; null when that is not known. */
  #seenVersion: number | null = null
  #canRead = true

  constructor(deps: SqliteLineDeps) {
    this.#deps = deps
    this.#store = deps.store
    const { store, clock, processKind, leaseMs, retentionMs } = deps
    const entry = {
      id: this.processId,
      kind: processKind,
      pid: process.pid,
      startedAt: clock.now(),
    }
    this.#lease = createProcessLease({ store, clock, entry, leaseMs, retentionMs })
  }

  listOthers(db: BrokerConnection): string[] {
    return this.#lease.listOthers(db)
  }

  async join(rider: LineRider): Promise<void> {
    this.#riders.add(rider)
    try {
      if (this.#entering) {
        await this.#entering
        await this.#store.write((db) => rider.enter(db))
      } else {
        this.#entering = this.#enter()
        await this.#entering
      }
    } catch (error) {
      this.#riders.delete(rider)
      this.#stopWhenEmpty()
      throw error
    }
    if (this.#riders.size > 0) this.#startTimers()
  }

  async leave(rider: LineRider): Promise<void> {
    if (!this.#riders.has(rider)) return
    try {
      if (rider.isAsked === true || this.#riders.size === 1) await this.#lease.leave()
      if (this.#watch) rider.read?.(this.#watch)
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'the broker could not leave in order')
    }
    this.#riders.delete(rider)
    this.#stopWhenEmpty()
    await this.#beating
    // A renewal that was under way may have opened it again.
    this.#stopWhenEmpty()
  }

  /** Enters this process among the others; every rider begins to read from here on. */
  async #enter(): Promise<void> {
    this.#watch?.close()
    this.#watch = this.#store.openWatch()
    this.#seenVersion = null
    await this.#lease.enter((db) => {
      for (const rider of this.#riders) rider.enter(db)
    })
  }

  #startTimers(): void {
    if (this.#timers.length > 0) return
    const { pollIntervalMs, heartbeatMs } = this.#deps
    this.#timers = [
      setInterval(() => this.#poll(), pollIntervalMs).unref(),
      setInterval(() => this.#startBeat(), heartbeatMs).unref(),
    ]
  }

  #stopWhenEmpty(): void {
    if (this.#riders.size > 0) return
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    this.#watch?.close()
    this.#watch = undefined
    this.#entering = undefined
  }

  #poll(): void {
    try {
      if (this.#lease.hasLapsed()) this.#startBeat()
      if (!this.#watch) return
      const version = this.#watch.dataVersion()
      if (version !== this.#seenVersion) {
        // Noted before the reading: what is written meanwhile changes it again.
        this.#seenVersion = version
        for (const rider of this.#riders) {
          // The rest comes with the next poll, so that a long backlog does not hold the thread.
          if (rider.read?.(this.#watch) === true) this.#seenVersion = null
        }
      }
      if (!this.#canRead) {
        this.#canRead = true
        this.#reportGap('the broker can read again')
      }
    } catch (error) {
      this.#seenVersion = null
      if (!this.#canRead) return
      this.#canRead = false
      this.#deps.logger.error({ err: error }, 'the broker cannot read its messages')
      this.#reportGap('the broker cannot read')
    }
  }

  #startBeat(): void {
    this.#beating ??= this.#beat()
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error }, 'the broker could not renew its lease')
      })
      .finally(() => {
        this.#beating = undefined
      })
  }

  async #beat(): Promise<void> {
    const replaced = await this.#store.reopenIfReplaced()
    if (this.#riders.size === 0) return
    if (replaced || !this.#watch) {
      await this.#enter()
      this.#reportGap('the database file was replaced')
    }
    const { lapsed } = await this.#lease.renew()
    if (lapsed) this.#reportGap('the lease of this process had lapsed')
    for (const rider of this.#riders) rider.onBeat?.(lapsed)
  }

  #reportGap(why: string): void {
    for (const rider of this.#riders) rider.onGap?.(why)
  }
}
