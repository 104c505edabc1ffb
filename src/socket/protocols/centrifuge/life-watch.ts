/** Durations in milliseconds. */
export interface LifeOptions {
  readonly pingIntervalMs: number
  /** How long the answer to a ping may take. */
  readonly pongTimeoutMs: number
}

/** Finds out whether a peer still lives, by pings that it has to answer. Instants are monotonic milliseconds. */
export class LifeWatch {
  #pingedAtMs: number

  constructor(nowMs: number) {
    this.#pingedAtMs = nowMs
  }

  /** Begins to ping; those who came together are not pinged together. */
  begin(nowMs: number, { pingIntervalMs }: LifeOptions): void {
    this.#pingedAtMs = nowMs - Math.random() * (pingIntervalMs / 2)
  }

  /** What to do now, when the peer was last heard of at `lastSeenAtMs`. */
  check(nowMs: number, lastSeenAtMs: number, options: LifeOptions): 'ping' | 'dead' | 'nothing' {
    const isAnswered = lastSeenAtMs >= this.#pingedAtMs
    if (!isAnswered && nowMs - this.#pingedAtMs >= options.pongTimeoutMs) return 'dead'
    if (nowMs - this.#pingedAtMs < options.pingIntervalMs) return 'nothing'
    this.#pingedAtMs = nowMs
    return 'ping'
  }
}
