import type { ClientInfo } from '../domain/channel-broker.js'
import type { ChannelEvent } from './batch.js'

/**
 * Joins and leaves of a crowded channel, gathered for a while: a connection that came and went in the meantime is not
 * told about at all.
 */
export class JoinLeaveBuffer {
  readonly #byConnection = new Map<string, { first: 'join' | 'leave'; last: ChannelEvent }>()

  add(kind: 'join' | 'leave', info: ClientInfo): void {
    const known = this.#byConnection.get(info.connectionId)
    const last: ChannelEvent = { kind, info }
    this.#byConnection.set(info.connectionId, { first: known?.first ?? kind, last })
  }

  /** What is left to tell, in the order of the first event of each connection; empties the buffer. */
  take(): ChannelEvent[] {
    const events = [...this.#byConnection.values()]
      // Joined and left again, or the other way round: for the others nothing has changed.
      .filter(({ first, last }) => first === last.kind)
      .map(({ last }) => last)
    this.#byConnection.clear()
    return events
  }

  isEmpty(): boolean {
    return this.#byConnection.size === 0
  }
}
