import type { Readable, Writable } from 'node:stream'

/** A signal that asks the process to end. */
export type StopSignal = 'SIGINT' | 'SIGTERM' | 'SIGHUP' | 'SIGQUIT'

/** Where signals come from; `process` satisfies it. */
export interface SignalSource {
  on(signal: StopSignal, listener: () => void): unknown
  off(signal: StopSignal, listener: () => void): unknown
}

/** Standard input: a terminal when `isTTY`, which can then stop echoing. */
export type CliInput = Readable & {
  readonly isTTY?: boolean
  setRawMode?(raw: boolean): unknown
}

/** Everything that the program touches outside itself, so that a test can stand in for it. */
export interface CliIo {
  readonly stdin: CliInput
  readonly stdout: Writable
  readonly stderr: Writable
  readonly env: Readonly<Record<string, string | undefined>>
  readonly cwd: string
  readonly signals: SignalSource
  /** Milliseconds since the epoch. */
  now(): number
}
