import { setTimeout as pause } from 'node:timers/promises'

const PAUSE_MS = 100

export interface TryUntilOptions {
  /** On the clock of `performance.now()`: from then on a failure is the last one. */
  readonly endsAtMs: number
  /** Whether a failure may be over by itself soon. */
  readonly mayPass: (error: unknown) => boolean
}

/** Runs `work` again and again while it fails with what may pass. Rejects with its last failure. */
export async function tryUntil<T>(
  work: () => Promise<T>,
  { endsAtMs, mayPass }: TryUntilOptions,
): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!mayPass(error) || performance.now() >= endsAtMs) throw error
      await pause(PAUSE_MS)
    }
  }
}
