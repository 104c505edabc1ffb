import type { Logger } from '../domain/logger.js'
import { AppError } from '../errors/app-error.js'

/**
 * What is open, in the order in which it was opened. Closing walks it backwards, tries every step and
 * keeps to one deadline.
 */
export interface Lifecycle {
  /** Registers how to close what was just opened. */
  onClose(name: string, close: () => void | Promise<void>): void
  /**
   * Closes everything, last opened first; safe to call twice (the second call waits for the first).
   * A step that fails or outlives the deadline is logged and does not stop the others.
   * Raises INTERNAL with reason `close_failed` when any step did.
   */
  close(): Promise<void>
}

export interface LifecycleDeps {
  readonly logger: Logger
  /** For the whole walk, in milliseconds. */
  readonly deadlineMs: number
}

export function createLifecycle({ logger, deadlineMs }: LifecycleDeps): Lifecycle {
  const steps: { name: string; close: () => void | Promise<void> }[] = []
  let closing: Promise<void> | undefined

  async function closeAll(): Promise<void> {
    const endsAt = performance.now() + deadlineMs
    const failed: string[] = []
    for (let step = steps.pop(); step; step = steps.pop()) {
      try {
        await withDeadline(step.close, endsAt - performance.now())
      } catch (error) {
        failed.push(step.name)
        logger.error({ err: error, step: step.name }, 'closing failed')
      }
    }
    if (failed.length > 0) {
      throw new AppError('INTERNAL', 'close_failed', `Could not close: ${failed.join(', ')}.`)
    }
  }

  return {
    onClose: (name, close) => void steps.push({ name, close }),
    close: () => (closing ??= closeAll()),
  }
}

/** Rejects when `work` does not finish in time; with no time left it is still started. */
async function withDeadline(work: () => void | Promise<void>, leftMs: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error('not closed before the deadline')),
      Math.max(0, leftMs),
    )
  })
  try {
    await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
