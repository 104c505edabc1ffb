/** What goes out in order, and says when everything before a chunk has gone. */
export interface Outlet {
  write(chunk: Uint8Array, done: () => void): unknown
}

/** For a peer that does not keep up: of each channel only the newest message waits. */
export class LatestSlots {
  readonly #outlet: Outlet
  readonly #send: (bytes: Uint8Array) => unknown
  readonly #byChannel = new Map<string, Uint8Array>()

  /** `send` gets what has waited; the line may be closed by then. */
  constructor(outlet: Outlet, send: (bytes: Uint8Array) => unknown) {
    this.#outlet = outlet
    this.#send = send
  }

  /** Whether something waits. A newer message must not overtake it. */
  get isWaiting(): boolean {
    return this.#byChannel.size > 0
  }

  /** Keeps the message in place of an earlier one, until the peer has read what was before. */
  put(channel: string, bytes: Uint8Array): void {
    if (!this.isWaiting) this.#waitForDrain()
    this.#byChannel.set(channel, bytes)
  }

  #waitForDrain(): void {
    // What is smaller than the mark of the stream is followed by no drain event; its write callback always comes.
    this.#outlet.write(EMPTY, () => {
      const waiting = [...this.#byChannel.values()]
      this.#byChannel.clear()
      for (const bytes of waiting) this.#send(bytes)
    })
  }
}

const EMPTY = new Uint8Array(0)
