import { AppError } from '../errors/app-error.js'

const RETRY_AFTER_SECONDS = 1

/** Runs at most so many pieces of work at a time and lets at most so many wait. */
export interface WorkQueue {
  /** Runs `work` when its turn comes. Raises RESOURCE_EXHAUSTED with the queue's reason when too many wait. */
  run<T>(work: () => Promise<T>): Promise<T>
}

export interface WorkQueueOptions {
  readonly concurrency: number
  readonly queueMax: number
  /** The reason of the refusal, and its sentence. */
  readonly reason: string
  readonly message: string
}

export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const waiting: (() => void)[] = []
  let running = 0

  /** Hands the place to the next in line, so that nobody who comes later can overtake. */
  function release(): void {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  return {
    async run(work) {
      if (running < options.concurrency) {
        running += 1
      } else if (waiting.length < options.queueMax) {
        await new Promise<void>((resolve) => {
          waiting.push(resolve)
        })
      } else {
        throw new AppError('RESOURCE_EXHAUSTED', options.reason, options.message, {
          retryAfterSeconds: RETRY_AFTER_SECONDS,
        })
      }
      try {
        return await work()
      } finally {
        release()
      }
    },
  }
}
