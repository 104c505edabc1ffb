import type { ClientInfo, PresenceStore } from '../../src/domain/channel-broker.js'
import { AppError } from '../../src/errors/app-error.js'

interface Process {
  readonly onSwept: (channel: string, info: ClientInfo) => void
  readonly onLost: () => void
  isLapsed: boolean
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
  /** The lease of a process runs out, and nobody has swept yet what it has. */
  lapse(store: PresenceStore): void
  /** Loses every entry, and tells the processes. */
  loseEntries(): void
}

/** `note` is told the name of each method that is called, and may throw in its place. */
export function createMemoryPresence(
  note: (name: string) => void = () => undefined,
): MemoryPresence {
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
    const use = (name: string): void => {
      if (isClosed) {
        throw new AppError('UNAVAILABLE', 'broker_closed', 'The line to the processes is closed.')
      }
      note(name)
    }
    const useOwn = (name: string): Process => {
      use(name)
      if (own) return own
      throw new AppError('INTERNAL', 'presence_not_started', 'Presence has not been started.')
    }
    const store: PresenceStore = {
      async start(onSwept, onLost = () => undefined) {
        if (own || isClosed) {
          throw new AppError('INTERNAL', 'broker_started', 'A broker is started once.')
        }
        note('start')
        own = { onSwept, onLost, isLapsed: false }
        processes.set(store, own)
      },
      async add(channel, info) {
        const owner = useOwn('add')
        const key = keyOf(channel, info.connectionId)
        const isNew = !entries.has(key)
        entries.set(key, { channel, info, owner })
        return isNew
      },
      async addWithin(channel, info, connectionsMax) {
        const owner = useOwn('addWithin')
        const key = keyOf(channel, info.connectionId)
        const taken = [...entries].filter(
          ([, entry]) =>
            entry.channel === channel && (entry.owner === owner || !entry.owner.isLapsed),
        )
        const isThere = taken.some(([name]) => name === key)
        if (!isThere && taken.length >= connectionsMax) return false
        entries.set(key, { channel, info, owner })
        return true
      },
      async remove(channel, connectionId) {
        use('remove')
        return entries.delete(keyOf(channel, connectionId))
      },
      async list(channel, limit) {
        use('list')
        return on(channel).slice(0, limit)
      },
      async stats(channel) {
        use('stats')
        const users = new Set(on(channel).map(({ userId }) => userId))
        return { connections: on(channel).length, users: users.size }
      },
      async countOfUser(channel, userId) {
        use('countOfUser')
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
    lapse(store) {
      const process = processes.get(store)
      if (process) process.isLapsed = true
    },
    loseEntries() {
      entries.clear()
      for (const { onLost } of processes.values()) onLost()
    },
  }
}
