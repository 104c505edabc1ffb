import type { SessionService, SessionView } from '../../service/session-service.js'

/** Gathers the keys that are asked for at one time and loads them together; each key once. */
export interface Loader<V> {
  load(key: string): Promise<V>
}

/** What the to-many fields of one operation load with. */
export interface Loaders {
  /** Live sessions by user id, newest first; none of them is `current`. */
  readonly sessions: Loader<readonly SessionView[]>
}

export function createLoaders(sessions: Pick<SessionService, 'listForUsers'>): Loaders {
  let known: Loaders['sessions'] | null = null
  return {
    get sessions() {
      known ??= createLoader(
        async (userIds) => sessions.listForUsers(userIds),
        () => [],
      )
      return known
    },
  }
}

/**
 * A loader over a function that loads many. It loads when every resolver that could ask has asked: after the
 * promises of this turn.
 */
export function createLoader<V>(
  loadMany: (keys: readonly string[]) => Promise<ReadonlyMap<string, V>>,
  absent: () => V,
): Loader<V> {
  const known = new Map<string, Promise<V>>()
  let batch: { keys: string[]; loaded: Promise<ReadonlyMap<string, V>> } | null = null

  function gather(key: string): Promise<ReadonlyMap<string, V>> {
    if (!batch) {
      const keys: string[] = []
      const loaded = new Promise<void>((resolve) => {
        setImmediate(resolve)
      }).then(() => {
        batch = null
        return loadMany(keys)
      })
      batch = { keys, loaded }
    }
    batch.keys.push(key)
    return batch.loaded
  }

  return {
    load(key) {
      const value = known.get(key) ?? gather(key).then((values) => values.get(key) ?? absent())
      known.set(key, value)
      return value
    },
  }
}
