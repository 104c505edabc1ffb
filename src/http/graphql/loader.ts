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
  return new LazyLoaders(sessions)
}

/** Most operations load nothing, so a loader is made when it is first asked for. */
class LazyLoaders implements Loaders {
  readonly #service: Pick<SessionService, 'listForUsers'>
  #sessions: Loaders['sessions'] | null = null

  constructor(service: Pick<SessionService, 'listForUsers'>) {
    this.#service = service
  }

  get sessions(): Loaders['sessions'] {
    this.#sessions ??= createLoader(
      async (userIds) => this.#service.listForUsers(userIds),
      () => [],
    )
    return this.#sessions
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
