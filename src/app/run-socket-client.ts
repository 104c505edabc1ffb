import { Readable, type Writable } from 'node:stream'
import { runSocketClient as run } from '../socket/socket-client.js'

export interface SocketClientOptions {
  readonly url: string
  /** Lines to send. */
  readonly input: Readable
  readonly output: Writable
  readonly errorOutput: Writable
  /** Aborted when the person wants to leave. */
  readonly signal: AbortSignal
  /** Sent as the one message, in place of `input`. */
  readonly json: { readonly name: string; readonly age?: string } | null
  /** Whether to stay after the end of the input, until the server closes or the person leaves. */
  readonly stay: boolean
}

/** The terminal client of the socket service. Resolves with the exit code; never rejects. */
export function runSocketClient({ json, input, ...options }: SocketClientOptions): Promise<number> {
  const lines = json === null ? input : Readable.from([`${JSON.stringify(json)}\n`])
  return run({ ...options, input: lines })
}
