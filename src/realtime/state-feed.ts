/** One state as it is delivered, and whether it is the last one. */
export interface FedState<T> {
  readonly value: T
  readonly isLast: boolean
}

export interface StateFeedOptions<T> {
  /** Reads the state of now. What it rejects with ends the feed. */
  readonly read: () => Promise<FedState<T>>
  /** Begins to watch for changes; the returned function ends it. Called once, at creation. */
  readonly watch: (changed: () => void) => () => void
}

/**
 * The states of something that changes, as an async iterator: first the current one, then the newest after
 * each change. Changes that come while one is on its way are one change, so who reads slowly skips states but
 * never falls behind, and nothing ever queues up. However it ends (the last state, a failure, `return`), the
 * watching ends with it; a `return` does not wait for a change to come.
 */
export function createStateFeed<T>(options: StateFeedOptions<T>): AsyncIterableIterator<T> {
  return new StateFeed(options)
}

class StateFeed<T> implements AsyncIterableIterator<T> {
  readonly #read: () => Promise<FedState<T>>
  readonly #unwatch: () => void
  #isDirty = true
  #isOver = false
  #wake: () => void = () => {}

  constructor({ read, watch }: StateFeedOptions<T>) {
    this.#read = read
    this.#unwatch = watch(() => {
      this.#isDirty = true
      this.#wake()
    })
  }

  [Symbol.asyncIterator](): this {
    return this
  }

  async next(): Promise<IteratorResult<T>> {
    while (!this.#isDirty && !this.#isOver) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
    if (this.#isOver) return DONE
    this.#isDirty = false
    try {
      const { value, isLast } = await this.#read()
      // It may have been left while the state was read.
      if (this.#isOver) return DONE
      if (isLast) this.#end()
      return { done: false, value }
    } catch (error) {
      this.#end()
      throw error
    }
  }

  async return(): Promise<IteratorResult<T>> {
    this.#end()
    return DONE
  }

  async throw(error: unknown): Promise<IteratorResult<T>> {
    this.#end()
    throw error
  }

  #end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#unwatch()
    this.#wake()
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined }
