/** Takes what a client has sent by a request of its own. */
export type EmulationReceiver = (data: string) => void

/**
 * The connections of this process whose clients send by separate requests, by the secret name that each got with its
 * connect reply.
 */
export interface EmulationSessions {
  add(session: string, receive: EmulationReceiver): void
  remove(session: string): void
  /** False when there is no such connection in this process. */
  receive(session: string, data: string): boolean
}

export function createEmulationSessions(): EmulationSessions {
  const receivers = new Map<string, EmulationReceiver>()
  return {
    add: (session, receive) => void receivers.set(session, receive),
    remove: (session) => void receivers.delete(session),
    receive(session, data) {
      const receive = receivers.get(session)
      receive?.(data)
      return receive !== undefined
    },
  }
}
