import type { Socket } from 'node:net'

/** One turn of the event loop, as far as writes are concerned. Shared by all connections of a service. */
export interface WriteTurn {
  /** A number that is another one in every turn. */
  current(): number
  /** Holds the writes of a socket back until the end of the turn, to join them. */
  cork(socket: Socket): void
}

export function createWriteTurn(): WriteTurn {
  const corked = new Set<Socket>()
  let turn = 1
  let isCounting = false

  function end(): void {
    isCounting = false
    turn += 1
    for (const socket of corked) socket.uncork()
    corked.clear()
  }

  function current(): number {
    if (!isCounting) {
      isCounting = true
      setImmediate(end)
    }
    return turn
  }

  return {
    current,
    cork(socket) {
      current()
      if (corked.has(socket)) return
      corked.add(socket)
      socket.cork()
    },
  }
}
