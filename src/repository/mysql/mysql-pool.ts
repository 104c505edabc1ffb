import { setDeadline } from '../../util/deadline-timer.js'
import { storeBusy, storeClosed } from '../store-error.js'
import type { MysqlConnection } from './mysql-connection.js'
import { mysqlTimeout } from './mysql-error.js'

export interface MysqlPoolOptions {
  /** Opens a connection or rejects, within a deadline of its own. */
  readonly open: () => Promise<MysqlConnection>
  readonly connectionsMax: number
  /** Callers that may wait for a connection; more are refused at once. */
  readonly waitersMax: number
  /** How long a caller waits for a connection, in milliseconds. */
  readonly acquireTimeoutMs: number
  /** A connection older than this is closed after use, in milliseconds. */
  readonly lifetimeMs: number
  /** A connection that is unused for this long is closed by `trim`, in milliseconds. */
  readonly idleTimeoutMs: number
}

interface Waiter {
  readonly admit: (connection: MysqlConnection) => void
  readonly refuse: (error: unknown) => void
}

interface IdleConnection {
  readonly connection: MysqlConnection
  readonly since: number
}

/**
 * The connections of one process to one server. A caller that stops waiting leaves the line, so a server
 * that comes back is not busy with those who are long gone.
 */
export class MysqlPool {
  readonly #options: MysqlPoolOptions
  readonly #waiters = new Set<Waiter>()
  readonly #used = new Set<MysqlConnection>()
  #idle: IdleConnection[] = []
  #opening = 0
  #closed: Promise<void> | undefined
  #onEmpty: (() => void) | undefined

  constructor(options: MysqlPoolOptions) {
    this.#options = options
  }

  /** Connections that are open or being opened. */
  get size(): number {
    return this.#used.size + this.#idle.length + this.#opening
  }

  /**
   * A connection, for this caller alone until `release`. Raises UNAVAILABLE: `store_busy` when all are in
   * use for too long, `store_unavailable` when none can be opened in time, `store_closed`.
   */
  acquire(timeoutMs = this.#options.acquireTimeoutMs): Promise<MysqlConnection> {
    if (this.#closed) return Promise.reject(storeClosed())
    const connection = this.#takeIdle()
    if (connection) return Promise.resolve(connection)
    if (this.#waiters.size >= this.#options.waitersMax) return Promise.reject(storeBusy())
    return new Promise((resolve, reject) => {
      const leave = (): void => {
        deadline.clear()
        this.#waiters.delete(waiter)
      }
      const waiter: Waiter = {
        admit: (admitted) => {
          leave()
          resolve(admitted)
        },
        refuse: (error) => {
          leave()
          reject(error instanceof Error ? error : storeBusy(error))
        },
      }
      const deadline = setDeadline(() => {
        waiter.refuse(this.#used.size > 0 ? storeBusy() : mysqlTimeout('connect'))
      }, timeoutMs)
      this.#waiters.add(waiter)
      this.#grow()
    })
  }

  release(connection: MysqlConnection): void {
    if (!this.#used.delete(connection)) return
    const isOld = performance.now() - connection.openedAt > this.#options.lifetimeMs
    if (connection.isBroken || isOld || this.#closed) {
      connection.destroy()
      this.#grow()
    } else {
      this.#offer(connection)
    }
    if (this.#used.size === 0) this.#onEmpty?.()
  }

  /** Closes what was unused for too long, or is too old. */
  trim(): void {
    const now = performance.now()
    const { idleTimeoutMs, lifetimeMs } = this.#options
    for (const { connection, since } of [...this.#idle]) {
      if (now - since > idleTimeoutMs || now - connection.openedAt > lifetimeMs) {
        connection.destroy()
      }
    }
  }

  /** Refuses who waits, lets who has a connection finish within `graceMs`, then cuts. Safe to call twice. */
  close(graceMs: number): Promise<void> {
    this.#closed ??= this.#closeAll(graceMs)
    return this.#closed
  }

  async #closeAll(graceMs: number): Promise<void> {
    for (const waiter of [...this.#waiters]) waiter.refuse(storeClosed())
    for (const { connection } of [...this.#idle]) connection.destroy()
    if (this.#used.size > 0) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, graceMs)
        this.#onEmpty = () => {
          clearTimeout(timer)
          resolve()
        }
      })
    }
    for (const connection of this.#used) connection.destroy()
  }

  #takeIdle(): MysqlConnection | null {
    const connection = this.#idle.pop()?.connection
    if (!connection) return null
    this.#used.add(connection)
    return connection
  }

  /** Opens one more when somebody waits for whom none is on its way. */
  #grow(): void {
    const { open, connectionsMax } = this.#options
    if (this.#closed || this.#opening >= this.#waiters.size || this.size >= connectionsMax) return
    this.#opening += 1
    open().then(
      (connection) => {
        this.#opening -= 1
        connection.onBroken(() => {
          this.#idle = this.#idle.filter((idle) => idle.connection !== connection)
        })
        if (this.#closed) connection.destroy()
        else this.#offer(connection)
      },
      (error: unknown) => {
        this.#opening -= 1
        const [first] = this.#waiters
        first?.refuse(error)
        this.#grow()
      },
    )
  }

  /** Gives a connection to who waits longest, else keeps it. */
  #offer(connection: MysqlConnection): void {
    const [first] = this.#waiters
    if (first) {
      this.#used.add(connection)
      first.admit(connection)
    } else {
      this.#idle.push({ connection, since: performance.now() })
    }
  }
}
