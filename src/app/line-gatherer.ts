import type { DestinationStream } from 'pino'

/** pino sets `lastLevel` before each line on a stream that carries this (pino's `multistream` does the same). */
const METADATA = Symbol.for('pino.metadata')
const LEVEL_WARN = 40
const CHARS_MAX = 64 * 1024

interface LineStream extends DestinationStream {
  readonly [METADATA]: true
  lastLevel: number
}

/**
 * Writes the log lines of one turn of the event loop at once: under load a system call for each line is a
 * fifth of the work of a request. A warning, an error and the end of the process let nothing wait; what a
 * killed process has not written is what it logged in its last turn.
 */
export function createLineGatherer(stream: { write(text: string): unknown }): DestinationStream {
  let gathered = ''

  function flush(): void {
    if (gathered === '') return
    const text = gathered
    gathered = ''
    process.off('exit', flush)
    stream.write(text)
  }

  const gatherer: LineStream = {
    [METADATA]: true,
    lastLevel: 0,
    write(line) {
      if (gathered === '') {
        process.once('exit', flush)
        setImmediate(flush)
      }
      gathered += line
      if (gatherer.lastLevel >= LEVEL_WARN || gathered.length >= CHARS_MAX) flush()
    },
  }
  return gatherer
}
