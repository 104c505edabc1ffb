/** One connection that speaks of channels, as a server's operations see it. */
export interface RealtimeClient {
  readonly id: string
  /** Empty for an anonymous connection. */
  readonly userId: string
  /** Null for an anonymous connection. */
  readonly sessionId: string | null
  /** Subscribes from the server's side, in the background; the client is told when it is done. */
  subscribe(channel: string): void
  /** False when it was not subscribed. The client is told. */
  unsubscribe(channel: string): boolean
  /** Closes with a disconnect code and a reason. */
  disconnect(code: number, reason: string): void
}

/** Which connections: all of a user, those of one session, or one connection. */
export interface ClientTarget {
  readonly userId: string
  readonly connectionId?: string | undefined
  readonly sessionId?: string | undefined
}

/** The connections of this process that have said who they are. */
export interface ClientRegistry {
  add(client: RealtimeClient): void
  /** Safe to call twice. */
  remove(client: RealtimeClient): void
  /** A copy, so that a connection may leave while it is walked. */
  match(target: ClientTarget): readonly RealtimeClient[]
  clientCount(): number
  /** Different users; the anonymous ones are none. */
  userCount(): number
}

/** An empty registry. A user without a connection takes no memory. */
export function createClientRegistry(): ClientRegistry {
  const byUser = new Map<string, Set<RealtimeClient>>()
  let clients = 0
  return {
    add(client) {
      const own = byUser.get(client.userId) ?? new Set()
      if (own.has(client)) return
      byUser.set(client.userId, own.add(client))
      clients += 1
    },
    remove(client) {
      const own = byUser.get(client.userId)
      if (!own?.delete(client)) return
      clients -= 1
      if (own.size === 0) byUser.delete(client.userId)
    },
    match({ userId, connectionId, sessionId }) {
      return [...(byUser.get(userId) ?? [])].filter(
        (client) =>
          (connectionId === undefined || client.id === connectionId) &&
          (sessionId === undefined || client.sessionId === sessionId),
      )
    },
    clientCount: () => clients,
    userCount: () => byUser.size - (byUser.has('') ? 1 : 0),
  }
}
