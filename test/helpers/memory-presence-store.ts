import type { ClientInfo, PresenceStore } from '../../src/domain/channel-broker.js'
import { AppError } from '../../src/errors/app-error.js'

interface Process {
  readonly onSwept: (channel: string, info: ClientInfo) => void
  readonly onLost: () => void
}

interface Entry {
  readonly channel: string
  readonly info: ClientInfo
  readonly owner: Process
}

/** What the presence stores of several processes share: the plainest thing that keeps the contract. */
export interface MemoryPresence {
  /** One process more; not started. */
  createStore(): PresenceStore
  /** A process dies without a word; one of the others sweeps what it has left. */
  kill(store: PresenceStore): void
  /** Loses every entry, and tells the processes. */
  loseEntries(): void
}

export function createMemoryPresence(): MemoryPresence {
  const entries = new Map<string, Entry>()
  const processes = new Map<PresenceStore, Process>()
  const keyOf = (channel: string, connectionId: string): string => `${connectionId}\n${channel}`
  const on = (channel: string): ClientInfo[] =>
    [...entries.values()].filter((entry) => entry.channel === channel).map(({ info }) => info)

  function take(owner: Process): Entry[] {
    const taken = [...entries].filter(([, entry]) => entry.owner === owner)
    for (const [key] of taken) entries.delete(key)
    return taken.map(([, entry]) => entry)
  }

  function createStore(): PresenceStore {
    let own: Process | undefined
    let isClosed = false
    const use = (): void => {
      if (isClosed) {
        throw new AppError('UNAVAILABLE', 'broker_closed', 'The line to the processes is closed.')
      }
    }
    const store: PresenceStore = {
      async start(onSwept, onLost = () => undefined) {
        if (own || isClosed) {
          throw new AppError('INTERNAL', 'broker_started', 'A broker is started once.')
        }
        own = { onSwept, onLost }
        processes.set(store, own)
      },
      async add(channel, info) {
        use()
        if (!own) {
          throw new AppError('INTERNAL', 'presence_not_started', 'Presence has not been started.')
        }
        const key = keyOf(channel, info.connectionId)
        const isNew = !entries.has(key)
        entries.set(key, { channel, info, owner: own })
        return isNew
      },
      async remove(channel, connectionId) {
        use()
        return entries.delete(keyOf(channel, connectionId))
      },
      async list(channel, limit) {
        use()
        return on(channel).slice(0, limit)
      },
      async stats(channel) {
        use()
        const users = new Set(on(channel).map(({ userId }) => userId))
        return { connections: on(channel).length, users: users.size }
      },
      async countOfUser(channel, userId) {
        use()
        return on(channel).filter((info) => info.userId === userId).length
      },
      async close() {
        isClosed = true
        if (own) take(own)
        processes.delete(store)
      },
    }
    return store
  }

  return {
    createStore,
    kill(store) {
      const dead = processes.get(store)
      processes.delete(store)
      const [survivor] = processes.values()
      if (!dead || !survivor) return
      for (const { channel, info } of take(dead)) survivor.onSwept(channel, info)
    },
    loseEntries() {
      entries.clear()
      for (const { onLost } of processes.values()) onLost()
    },
  }
}
