import type { ClientInfo, PresenceStats, PresenceStore } from '../domain/channel-broker.js'
import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import type { BrokerConnection, BrokerStore } from './broker-store.js'
import { limitOf } from './channel-input.js'
import { createPresenceDesk } from './presence-desk.js'
import {
  countEntries,
  countEntriesOfUser,
  hasPlace,
  hasPresenceProcess,
  insertPresenceProcess,
  isEntryCurrent,
  listDeadProcesses,
  listEntries,
  type PresenceEntry,
  putEntry,
  removeEntry,
  takeEntries,
} from './presence-table.js'
import type { LineRider, SqliteLine } from './sqlite-line.js'

/** Entries that are swept in one transaction. */
const SWEEP_ROWS = 500

export interface SqlitePresenceStoreDeps {
  readonly store: BrokerStore
  /** The line of this process on the same store: its lease is the lease of the entries. */
  readonly line: SqliteLine
  readonly clock: Clock
  readonly logger: Logger
  /** The length of that lease. */
  readonly leaseMs: number
}

/**
 * Presence in a SQLite file. The entries of a process whose lease has run out are removed in transactions, so of
 * several processes that find them each entry goes to one.
 */
export function createSqlitePresenceStore(deps: SqlitePresenceStoreDeps): PresenceStore {
  return new SqlitePresenceStore(deps)
}

class SqlitePresenceStore implements PresenceStore {
  readonly #deps: SqlitePresenceStoreDeps
  readonly #desk
  readonly #rider: LineRider = {
    enter: (db) => this.#enter(db),
    onBeat: (lapsed) => this.#onBeat(lapsed),
  }
  #hasEntered = false
  /** The entries may be gone, and nobody has been told. */
  #isLost = false
  #beating: Promise<void> | undefined

  constructor(deps: SqlitePresenceStoreDeps) {
    this.#deps = deps
    this.#desk = createPresenceDesk(deps)
  }

  async start(
    onSwept: (channel: string, info: ClientInfo) => void,
    onLost: () => void = () => undefined,
  ): Promise<void> {
    this.#desk.open(onSwept, onLost)
    try {
      await this.#deps.line.join(this.#rider)
    } catch (error) {
      this.#desk.reset()
      throw error
    }
    this.#hasEntered = true
  }

  async add(channel: string, info: ClientInfo): Promise<boolean> {
    this.#desk.assertEntering()
    const { store, line } = this.#deps
    const entry = { channel, info }
    const isCurrent = (db: BrokerConnection): boolean | null =>
      isEntryCurrent(db, entry, line.processId)
    // To renew what is there as it is, nothing has to be written: the lease is that of the process.
    if (store.read(isCurrent) === true) return false
    return store.write((db) => {
      const wasThere = isCurrent(db) !== null
      this.#put(db, entry)
      return !wasThere
    })
  }

  async addWithin(channel: string, info: ClientInfo, connectionsMax: number): Promise<boolean> {
    this.#desk.assertEntering()
    const { store, line, clock } = this.#deps
    const { processId } = line
    const entry = { channel, info }
    const fits = (db: BrokerConnection): boolean =>
      hasPlace(db, entry, { processId, connectionsMax, now: clock.now() })
    // Who is refused, however often, writes nothing and keeps no writer waiting.
    if (!store.read(fits)) return false
    return store.write((db) => {
      const isIn = fits(db)
      if (isIn) this.#put(db, entry)
      return isIn
    })
  }

  async remove(channel: string, connectionId: string): Promise<boolean> {
    this.#desk.assertUsable()
    return this.#deps.store.write((db) => removeEntry(db, channel, connectionId))
  }

  async list(channel: string, limit: number): Promise<readonly ClientInfo[]> {
    this.#desk.assertUsable()
    return this.#deps.store.read((db) => listEntries(db, channel, limitOf({ limit })))
  }

  async stats(channel: string): Promise<PresenceStats> {
    this.#desk.assertUsable()
    return this.#deps.store.read((db) => countEntries(db, channel))
  }

  async countOfUser(channel: string, userId: string): Promise<number> {
    this.#desk.assertUsable()
    return this.#deps.store.read((db) => countEntriesOfUser(db, channel, userId))
  }

  async close(): Promise<void> {
    const wasOpen = this.#desk.isOpen
    if (!this.#desk.close() || !wasOpen) return
    await this.#beating
    try {
      while ((await this.#take(this.#deps.line.processId)).length === SWEEP_ROWS);
    } catch (error) {
      this.#deps.logger.warn({ err: error }, 'presence is left to be swept by the others')
    }
    await this.#deps.line.leave(this.#rider)
  }

  #put(db: BrokerConnection, entry: PresenceEntry): void {
    const { processId } = this.#deps.line
    // A sweep that began when this process seemed dead has taken its name away.
    insertPresenceProcess(db, processId)
    putEntry(db, entry, processId)
  }

  #enter(db: BrokerConnection): void {
    insertPresenceProcess(db, this.#deps.line.processId)
    // Not for the first time: the file was replaced.
    this.#isLost = this.#hasEntered
  }

  #onBeat(lapsed: boolean): void {
    if (!this.#desk.isOpen) return
    this.#isLost ||= lapsed
    this.#beating ??= this.#beat()
      .catch((error: unknown) => {
        this.#deps.logger.warn({ err: error }, 'presence could not be swept')
      })
      .finally(() => {
        this.#beating = undefined
      })
  }

  async #beat(): Promise<void> {
    const { store, line } = this.#deps
    const isKnown = store.read((db) => hasPresenceProcess(db, line.processId))
    if (this.#isLost || !isKnown) {
      await store.write((db) => insertPresenceProcess(db, line.processId))
      this.#isLost = false
      this.#desk.reportLost()
    }
    if (this.#desk.maySweep) await this.#sweep()
  }

  async #sweep(): Promise<void> {
    const { store, clock } = this.#deps
    const listDead = (db: BrokerConnection) => listDeadProcesses(db, clock.now())
    for (const processId of store.read(listDead)) {
      for (let taken = SWEEP_ROWS; taken === SWEEP_ROWS && this.#desk.maySweep;) {
        const entries = await store.write((db) => {
          // It may have come back, or another process may be done with it.
          return listDead(db).includes(processId) ? takeEntries(db, processId, SWEEP_ROWS) : []
        })
        this.#desk.reportSwept(entries)
        taken = entries.length
      }
    }
  }

  #take(processId: string) {
    return this.#deps.store.write((db) => takeEntries(db, processId, SWEEP_ROWS))
  }
}
