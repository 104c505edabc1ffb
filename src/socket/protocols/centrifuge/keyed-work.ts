/** Runs work of one key in order, and work of different keys side by side. Takes no memory when nothing runs. */
export class KeyedWork {
  readonly #last = new Map<string, Promise<void>>()
  #size = 0

  /** How much is running or waits. */
  get size(): number {
    return this.#size
  }

  /** `work` must not reject. */
  run(key: string, work: () => Promise<void>): void {
    this.#size += 1
    const before = this.#last.get(key)
    const running = (before ? before.then(work) : work()).finally(() => {
      this.#size -= 1
      if (this.#last.get(key) === running) this.#last.delete(key)
    })
    this.#last.set(key, running)
  }
}
