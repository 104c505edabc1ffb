import type { CliIo } from './cli-io.js'

/** The streams, variables and signals of this process. */
export function createProcessIo(): CliIo {
  // A reader that goes away (`app user list | head`) is no failure of ours, and cannot be told of one.
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined)
  return {
    // Few commands read, and the stream costs time to make.
    get stdin() {
      return process.stdin
    },
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    cwd: process.cwd(),
    signals: process,
    now: () => Date.now(),
  }
}
