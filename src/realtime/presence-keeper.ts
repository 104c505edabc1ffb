import type { ChannelBroker, ClientInfo, PresenceStore } from '../domain/channel-broker.js'
import type { Logger } from '../domain/logger.js'
import type { Channel } from './namespace.js'

/** Entries that are renewed side by side. */
const REFRESH_CHUNK = 50

export interface PresenceKeeperDeps {
  readonly broker: ChannelBroker
  readonly presence: PresenceStore
  readonly logger: Logger
  /** The rules of a channel by its name, for the entries that dead processes leave; null when there are none. */
  readonly findChannel: (channel: string) => Channel | null
  /** How often every entry is renewed, in case the store has lost it, in milliseconds. */
  readonly refreshMs: number
}

/**
 * Enters the connections of this process into the presence of their channels, takes them out again, and tells both
 * where the rules say so. What one connection does on one channel happens in order.
 */
export interface PresenceKeeper {
  /** Begins to renew, and to tell what dead processes left. Raises UNAVAILABLE. */
  start(): Promise<void>
  /** Resolves when the connection is seen by others. A store that fails is logged and tried again. */
  enter(channel: Channel, info: ClientInfo): Promise<void>
  /**
   * Enters a connection where the store has a place for it, on a channel without joins and leaves. False when there is
   * none; it is not entered then, nor does `leave` have to be called. Raises UNAVAILABLE when the store cannot be
   * asked; the connection stays, and is entered when the store can be reached again, place or not.
   */
  enterWithin(channel: Channel, info: ClientInfo, connectionsMax: number): Promise<boolean>
  /** Takes the connection out, once what `enter` began is done. */
  leave(channel: Channel, connectionId: string): void
  /** Resolves when everything begun so far is done. */
  settled(): Promise<void>
  close(): Promise<void>
}

interface Entry {
  readonly channel: Channel
  readonly info: ClientInfo
  isWanted: boolean
  work: Promise<void>
}

export function createPresenceKeeper(deps: PresenceKeeperDeps): PresenceKeeper {
  return new Keeper(deps)
}

class Keeper implements PresenceKeeper {
  readonly #deps: PresenceKeeperDeps
  readonly #entries = new Map<string, Entry>()
  #timer: NodeJS.Timeout | undefined
  #refreshing: Promise<void> | null = null
  #isLost = false

  constructor(deps: PresenceKeeperDeps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    const { broker, presence, findChannel } = this.#deps
    await presence.start(
      (channel, info) => {
        if (findChannel(channel)?.rules.joinLeave !== true) return
        broker.publishLeave(channel, info).catch(this.#warn('cannot tell that somebody is gone'))
      },
      () => {
        this.#isLost = true
        this.#startRefresh()
      },
    )
    this.#timer = setInterval(() => this.#startRefresh(), this.#deps.refreshMs).unref()
  }

  enter(channel: Channel, info: ClientInfo): Promise<void> {
    const { presence, joinLeave } = channel.rules
    if (!presence && !joinLeave) return Promise.resolve()
    const entry = this.#open(channel, info)
    entry.work = entry.work.then(() => this.#add(entry, true))
    return entry.work
  }

  enterWithin(channel: Channel, info: ClientInfo, connectionsMax: number): Promise<boolean> {
    const entry = this.#open(channel, info)
    const entered = entry.work.then(async () => {
      if (!entry.isWanted) return false
      return this.#deps.presence.addWithin(channel.name.channel, info, connectionsMax)
    })
    entry.work = entered.then(
      (isIn) => {
        if (isIn) return
        entry.isWanted = false
        this.#forget(entry)
      },
      () => undefined,
    )
    return entered
  }

  leave(channel: Channel, connectionId: string): void {
    const entry = this.#entries.get(keyOf(channel, connectionId))
    if (!entry?.isWanted) return
    entry.isWanted = false
    entry.work = entry.work.then(() => this.#remove(entry)).finally(() => this.#forget(entry))
  }

  async settled(): Promise<void> {
    await Promise.all([...this.#entries.values()].map(({ work }) => work))
  }

  async close(): Promise<void> {
    clearInterval(this.#timer)
    await this.#refreshing
    await this.settled()
  }

  /** An entry that begins when what was done about its connection before is done. */
  #open(channel: Channel, info: ClientInfo): Entry {
    const key = keyOf(channel, info.connectionId)
    const work = this.#entries.get(key)?.work ?? Promise.resolve()
    const entry: Entry = { channel, info, isWanted: true, work }
    this.#entries.set(key, entry)
    return entry
  }

  #forget(entry: Entry): void {
    const key = keyOf(entry.channel, entry.info.connectionId)
    if (this.#entries.get(key) === entry) this.#entries.delete(key)
  }

  async #add({ channel, info, isWanted }: Entry, tell: boolean): Promise<void> {
    if (!isWanted) return
    const { broker, presence } = this.#deps
    try {
      const isNew = !channel.rules.presence || (await presence.add(channel.name.channel, info))
      if (isNew && tell && channel.rules.joinLeave) {
        await broker.publishJoin(channel.name.channel, info)
      }
    } catch (error) {
      this.#warn('cannot enter a connection into the presence of a channel')(error)
    }
  }

  async #remove({ channel, info }: Entry): Promise<void> {
    const { broker, presence } = this.#deps
    try {
      const wasThere =
        !channel.rules.presence || (await presence.remove(channel.name.channel, info.connectionId))
      if (wasThere && channel.rules.joinLeave) {
        await broker.publishLeave(channel.name.channel, info)
      }
    } catch (error) {
      // The lease of the process ends it, at the latest together with the process.
      this.#warn('cannot take a connection out of the presence of a channel')(error)
    }
  }

  #startRefresh(): void {
    this.#refreshing ??= this.#refreshAll().finally(() => {
      this.#refreshing = null
    })
  }

  /** What is lost in the middle of a round may have been entered at its beginning: another round follows. */
  async #refreshAll(): Promise<void> {
    do {
      this.#isLost = false
      await this.#refresh()
    } while (this.#isLost)
  }

  /** Renews every entry, a few at a time, so that a store that lost them has them again. */
  async #refresh(): Promise<void> {
    const entries = [...this.#entries.values()].filter(({ channel }) => channel.rules.presence)
    for (let start = 0; start < entries.length; start += REFRESH_CHUNK) {
      const renewals = entries.slice(start, start + REFRESH_CHUNK).map((entry) => {
        entry.work = entry.work.then(() => this.#add(entry, false))
        return entry.work
      })
      await Promise.all(renewals)
    }
  }

  #warn(message: string): (error: unknown) => void {
    return (error) => this.#deps.logger.warn({ err: error }, message)
  }
}

function keyOf(channel: Channel, connectionId: string): string {
  return `${channel.name.channel} ${connectionId}`
}
