import type { Socket } from 'node:net'

/** For a peer that does not keep up: of each channel only the newest message waits. */
export class LatestSlots {
  readonly #net: Socket
  readonly #isOpen: () => boolean
  readonly #byChannel = new Map<string, Uint8Array>()

  constructor(net: Socket, isOpen: () => boolean) {
    this.#net = net
    this.#isOpen = isOpen
  }

  /** Keeps the message in place of an earlier one, until the peer has read what was before. */
  put(channel: string, frame: Uint8Array): void {
    if (this.#byChannel.size === 0) this.#waitForDrain()
    this.#byChannel.set(channel, frame)
  }

  #waitForDrain(): void {
    // What is smaller than the mark of the stream is followed by no drain event; its write callback always comes.
    this.#net.write(EMPTY, () => {
      if (this.#isOpen()) for (const frame of this.#byChannel.values()) this.#net.write(frame)
      this.#byChannel.clear()
    })
  }
}

const EMPTY = new Uint8Array(0)
