import { AppError } from '../errors/app-error.js'
import type { Connection } from './connection.js'
import type { DeliveryCounts } from './receipt-log.js'

export interface HubOptions {
  /** Open connections at once, in this process. */
  readonly connectionsMax: number
  /** Events that one connection may be registered for. */
  readonly registrationsPerConnectionMax: number
}

/** What a connection listens to: the events of one user, by the right of one session. */
export interface Registration {
  readonly userId: string
  readonly sessionId: string
  readonly event: string
}

/**
 * The live connections of this process and who listens to what on them. Purely in memory; every entry is
 * removed with the last thing in it, and every map has a maximum.
 */
export interface Hub {
  /** Adds an open connection. Raises RESOURCE_EXHAUSTED with reason `too_many_connections`. */
  add(connection: Connection): void
  /** Forgets a connection and its registrations. Safe to call twice. */
  remove(connection: Connection): void
  /**
   * Registers a connection for an event; doing so again changes nothing. A connection belongs to one
   * session at a time: a registration of another session moves it wholly, and the events of the session
   * before are gone. Raises RESOURCE_EXHAUSTED with reason `too_many_registrations`, and
   * FAILED_PRECONDITION with reason `connection_not_open` for a connection that was not added.
   */
  register(connection: Connection, registration: Registration): void
  /** Takes one event away, or every event when none is named. How many were taken. */
  unregister(connection: Connection, event?: string): number
  /**
   * Sends to every connection registered for this event of this user. How many accepted the message. One
   * connection that fails never keeps it from the others.
   */
  push(userId: string, event: string, message: string): number
  /** Like `push`, and says what became of it. */
  deliver(userId: string, event: string, message: string): DeliveryCounts
  /** Closes the connections of a user, or only those registered for one event. How many there were. */
  drop(target: { userId: string; event?: string }, code: number, reason: string): number
  /** Closes every connection. How many there were. */
  closeAll(code: number, reason: string): number
  /** Whether `add` would be refused. */
  isFull(): boolean
  /** Open connections, registered or not. */
  connectionCount(): number
  /** Registrations over all connections. */
  registrationCount(): number
}

interface Binding {
  readonly userId: string
  readonly sessionId: string
  readonly events: Set<string>
}

/** Creates an empty hub. */
export function createHub(options: HubOptions): Hub {
  return new MapHub(options)
}

/** Two maps that mirror each other: connection → its binding, and user → event → connections. */
class MapHub implements Hub {
  readonly #options: HubOptions
  readonly #bindings = new Map<Connection, Binding | null>()
  readonly #listeners = new Map<string, Map<string, Set<Connection>>>()
  #registrations = 0

  constructor(options: HubOptions) {
    this.#options = options
  }

  add(connection: Connection): void {
    if (this.#bindings.has(connection)) return
    if (this.isFull()) {
      const message = 'This process holds as many connections as it may; try again later.'
      throw new AppError('RESOURCE_EXHAUSTED', 'too_many_connections', message)
    }
    this.#bindings.set(connection, null)
  }

  remove(connection: Connection): void {
    this.unregister(connection)
    this.#bindings.delete(connection)
  }

  register(connection: Connection, { userId, sessionId, event }: Registration): void {
    const bound = this.#bindings.get(connection)
    if (bound === undefined) {
      const message = 'The connection is not open.'
      throw new AppError('FAILED_PRECONDITION', 'connection_not_open', message)
    }
    const stays = bound?.userId === userId && bound.sessionId === sessionId
    if (stays && bound.events.has(event)) return
    if ((stays ? bound.events.size : 0) >= this.#options.registrationsPerConnectionMax) {
      const message = 'The connection is registered for as many events as it may be.'
      throw new AppError('RESOURCE_EXHAUSTED', 'too_many_registrations', message)
    }
    if (!stays) this.unregister(connection)
    const binding = stays ? bound : { userId, sessionId, events: new Set<string>() }
    binding.events.add(event)
    this.#bindings.set(connection, binding)
    this.#listen(userId, event, connection)
    this.#registrations += 1
  }

  unregister(connection: Connection, event?: string): number {
    const bound = this.#bindings.get(connection)
    if (!bound) return 0
    const leaving = event === undefined ? [...bound.events] : [event]
    let taken = 0
    for (const name of leaving) {
      if (!bound.events.delete(name)) continue
      this.#unlisten(bound.userId, name, connection)
      taken += 1
    }
    this.#registrations -= taken
    if (bound.events.size === 0) this.#bindings.set(connection, null)
    return taken
  }

  push(userId: string, event: string, message: string): number {
    return this.deliver(userId, event, message).written
  }

  deliver(userId: string, event: string, message: string): DeliveryCounts {
    let [written, queued, dropped] = [0, 0, 0]
    for (const connection of this.#listeners.get(userId)?.get(event) ?? []) {
      if (attempt(() => connection.send(message))) {
        written += 1
        if (connection.isBehind?.() === true) queued += 1
      } else {
        dropped += 1
      }
    }
    return { written, queued, dropped }
  }

  drop(target: { userId: string; event?: string }, code: number, reason: string): number {
    const byEvent = this.#listeners.get(target.userId) ?? new Map<string, Set<Connection>>()
    const connections =
      target.event === undefined
        ? new Set([...byEvent.values()].flatMap((set) => [...set]))
        : new Set(byEvent.get(target.event))
    return closeEach(connections, code, reason)
  }

  closeAll(code: number, reason: string): number {
    return closeEach(new Set(this.#bindings.keys()), code, reason)
  }

  isFull(): boolean {
    return this.#bindings.size >= this.#options.connectionsMax
  }

  connectionCount(): number {
    return this.#bindings.size
  }

  registrationCount(): number {
    return this.#registrations
  }

  #listen(userId: string, event: string, connection: Connection): void {
    const byEvent = this.#listeners.get(userId) ?? new Map<string, Set<Connection>>()
    const connections = byEvent.get(event) ?? new Set<Connection>()
    this.#listeners.set(userId, byEvent.set(event, connections.add(connection)))
  }

  #unlisten(userId: string, event: string, connection: Connection): void {
    const byEvent = this.#listeners.get(userId)
    const connections = byEvent?.get(event)
    connections?.delete(connection)
    if (connections?.size === 0) byEvent?.delete(event)
    if (byEvent?.size === 0) this.#listeners.delete(userId)
  }
}

/** Closes a copy of the set, because a close may remove the connection from the set it came from. */
function closeEach(connections: ReadonlySet<Connection>, code: number, reason: string): number {
  for (const connection of connections) {
    attempt(() => {
      connection.close(code, reason)
      return true
    })
  }
  return connections.size
}

/** A connection that throws has failed alone: its transport ends it, and the loop goes on. */
function attempt(action: () => boolean): boolean {
  try {
    return action()
  } catch {
    return false
  }
}
