/**
 * What an answer may take beyond the bound of the outgoing queue. A client that comes back may have missed more than the
 * queue holds; closed for that as too slow, it would come back for the same and never catch up. So one answer at a time
 * may be larger, and until it is gone it does not count: what else waits still has the whole bound, and not more.
 */
export class AnswerAllowance {
  #bytes = 0

  /** Whether `bytes` more fit, when `waitingBytes` have not gone out yet. `isAnswer`: the client has asked for them. */
  admits(waitingBytes: number, bytes: number, bytesMax: number, isAnswer: boolean): boolean {
    // What goes out goes in order, so of the answer there is never more left than of everything.
    this.#bytes = Math.min(this.#bytes, waitingBytes)
    if (waitingBytes - this.#bytes + bytes <= bytesMax) return true
    if (!isAnswer || this.#bytes > 0) return false
    this.#bytes = bytes
    return true
  }
}
