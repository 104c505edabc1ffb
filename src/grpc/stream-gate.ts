import { AppError } from '../errors/app-error.js'

/** Counts the open streams of each peer, over all its connections. */
export interface StreamGate {
  /**
   * Takes a place; the returned function gives it back (safe to call twice). RESOURCE_EXHAUSTED
   * (`too_many_streams`) when the peer has as many as it may.
   */
  enter(peer: string): (() => void) | AppError
}

/** `peer` is `address:port`; streams are counted by address, since ports cost nothing. */
export function createStreamGate({ streamsMax }: { streamsMax: number }): StreamGate {
  const open = new Map<string, number>()
  return {
    enter(peer) {
      const address = peer.slice(0, peer.lastIndexOf(':'))
      const count = open.get(address) ?? 0
      if (count >= streamsMax) {
        const message = `A peer may have ${streamsMax} streams open at once.`
        return new AppError('RESOURCE_EXHAUSTED', 'too_many_streams', message)
      }
      open.set(address, count + 1)
      let isOpen = true
      return () => {
        if (!isOpen) return
        isOpen = false
        const left = (open.get(address) ?? 1) - 1
        if (left > 0) open.set(address, left)
        else open.delete(address)
      }
    },
  }
}
