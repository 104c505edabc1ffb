import type { AuthChange } from '../domain/auth-change.js'

/** Called once for each change. Must not wait; one that throws keeps it from nobody else. */
export type AuthListener = (change: AuthChange) => void

/**
 * Who in this process wants to hear of sign-ins and changes, by browser and by user. It knows no transport: a tab
 * that is gone or slow costs the others one function call.
 */
export interface AuthObservers {
  /** Hears of sign-ins on this client. The returned function takes the listener away (safe to call twice). */
  watchClient(clientId: string, listener: AuthListener): () => void
  /** Hears of whatever changes for this user. */
  watchUser(userId: string, listener: AuthListener): () => void
  /** Tells everybody whom the change concerns; how many listeners there were. */
  tell(change: AuthChange): number
  /** Listeners over all clients and users. */
  count(): number
}

/** An empty registry. A client or user without a listener takes no memory. */
export function createAuthObservers(): AuthObservers {
  const byClient = new Map<string, Set<AuthListener>>()
  const byUser = new Map<string, Set<AuthListener>>()
  return {
    watchClient: (clientId, listener) => watch(byClient, clientId, listener),
    watchUser: (userId, listener) => watch(byUser, userId, listener),
    tell(change) {
      // Copied first: a listener may take itself or others away, or move to another user, while it is told.
      const told = [
        ...(change.type === 'signed_in' ? (byClient.get(change.clientId) ?? []) : []),
        ...(byUser.get(change.userId) ?? []),
      ]
      for (const listener of told) tellOne(listener, change)
      return told.length
    },
    count: () => sizeOf(byClient) + sizeOf(byUser),
  }
}

function watch(
  registry: Map<string, Set<AuthListener>>,
  key: string,
  listener: AuthListener,
): () => void {
  const listeners = registry.get(key) ?? new Set()
  registry.set(key, listeners)
  // A function of its own for each call, so that one listener twice is two.
  const entry: AuthListener = (change) => listener(change)
  listeners.add(entry)
  return () => {
    listeners.delete(entry)
    if (listeners.size === 0 && registry.get(key) === listeners) registry.delete(key)
  }
}

function tellOne(listener: AuthListener, change: AuthChange): void {
  try {
    listener(change)
  } catch {
    // Its owner logs its own failures.
  }
}

function sizeOf(registry: ReadonlyMap<string, ReadonlySet<AuthListener>>): number {
  let size = 0
  for (const listeners of registry.values()) size += listeners.size
  return size
}
