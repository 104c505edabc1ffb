/** Lets at most so many pieces of work run at once under one key; the others wait their turn. */
export interface KeyedGate {
  /** Runs `work` when its turn under `key` comes; rejects with what `refuse` made when too many wait. */
  run<T>(key: string, work: () => Promise<T>): Promise<T>
  /** Keys under which something runs. */
  readonly size: number
}

export interface KeyedGateOptions {
  readonly concurrency: number
  /** How many may wait under one key. */
  readonly waitingMax: number
  readonly refuse: () => Error
}

interface Queue {
  running: number
  readonly waiting: (() => void)[]
}

export function createKeyedGate(options: KeyedGateOptions): KeyedGate {
  const { concurrency, waitingMax, refuse } = options
  const queues = new Map<string, Queue>()

  /** Hands the place to the next in line, and forgets a key with nothing under it. */
  function release(key: string, queue: Queue): void {
    const next = queue.waiting.shift()
    if (next) {
      next()
      return
    }
    queue.running -= 1
    if (queue.running === 0) queues.delete(key)
  }

  return {
    async run(key, work) {
      const queue = queues.get(key) ?? { running: 0, waiting: [] }
      queues.set(key, queue)
      if (queue.running < concurrency) {
        queue.running += 1
      } else {
        if (queue.waiting.length >= waitingMax) throw refuse()
        await new Promise<void>((resolve) => {
          queue.waiting.push(resolve)
        })
      }
      try {
        return await work()
      } finally {
        release(key, queue)
      }
    },
    get size() {
      return queues.size
    },
  }
}
