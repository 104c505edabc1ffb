import type { RunningApp } from './cli-apps.js'
import type { SignalSource, StopSignal } from './cli-io.js'

export const EXIT_OK = 0
export const EXIT_FAILED = 1
export const EXIT_USAGE = 2

const STOP_SIGNALS: readonly StopSignal[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT']

/** The wish to stop: the first signal asks, the second insists. */
export interface StopRequest {
  readonly first: Promise<StopSignal>
  readonly second: Promise<StopSignal>
  /** Stops listening for signals. */
  dispose(): void
}

export function listenForStop(signals: SignalSource): StopRequest {
  const waiting: ((signal: StopSignal) => void)[] = []
  const first = new Promise<StopSignal>((resolve) => waiting.push(resolve))
  const second = new Promise<StopSignal>((resolve) => waiting.push(resolve))
  const listeners = STOP_SIGNALS.map((signal) => ({
    signal,
    listener: (): void => waiting.shift()?.(signal),
  }))
  for (const { signal, listener } of listeners) signals.on(signal, listener)
  return {
    first,
    second,
    dispose: () => {
      for (const { signal, listener } of listeners) signals.off(signal, listener)
    },
  }
}

/**
 * Starts a service and serves until a signal comes, then closes it once. The exit code is 0, or 1 at once
 * when a second signal comes before it is closed. Raises what `start` or `close` raises.
 */
export async function runService(options: {
  readonly signals: SignalSource
  readonly start: () => Promise<RunningApp>
  readonly onStarted: (app: RunningApp) => void
}): Promise<number> {
  const stop = listenForStop(options.signals)
  const serve = async (): Promise<number> => {
    const app = await options.start()
    try {
      options.onStarted(app)
      const signal = await stop.first
      app.logger.info({ signal }, 'stopping')
    } finally {
      await app.close()
    }
    return EXIT_OK
  }
  try {
    return await Promise.race([serve(), stop.second.then(() => EXIT_FAILED)])
  } finally {
    stop.dispose()
  }
}
