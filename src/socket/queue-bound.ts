/**
 * The bound of an outgoing queue in bytes, which one message at a time may exceed, where the peer is not to blame: the
 * answer to what it asked for, and what comes at once when it has read all there was. A client that comes back may have
 * missed more than the queue holds; closed for that as too slow, it would come back for the same and never catch up.
 * Until such a message is gone it does not count: what else waits still has the whole bound, and not more.
 */
export class QueueBound {
  #exemptBytes = 0

  /** Whether `bytes` more fit, when `waitingBytes` have not gone out yet. */
  admits(waitingBytes: number, bytes: number, bytesMax: number, mayExceed: boolean): boolean {
    // What goes out goes in order, so of the large message there is never more left than of everything.
    this.#exemptBytes = Math.min(this.#exemptBytes, waitingBytes)
    if (waitingBytes - this.#exemptBytes + bytes <= bytesMax) return true
    if (!mayExceed || this.#exemptBytes > 0) return false
    this.#exemptBytes = bytes
    return true
  }
}
