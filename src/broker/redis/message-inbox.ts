/** For how long one turn works on messages before it lets others in, in milliseconds. */
const TURN_MS = 8
/** Characters that may wait; over it all of them are dropped. */
const LENGTH_MAX = 64 * 1024 * 1024
/** Messages between two looks at the time. */
const STRIDE = 32

export interface MessageInboxDeps {
  readonly handle: (name: string, message: string) => void
  /** Called when messages had to be dropped, with how many. */
  readonly onOverflow: (dropped: number) => void
  /** For tests. */
  readonly lengthMax?: number
}

/**
 * Takes messages off the wire at once and works on them in order, a slice a turn: the reader of a connection only
 * drains, so a burst keeps neither the pings nor anybody else waiting.
 */
export interface MessageInbox {
  push(name: string, message: string): void
  /** Drops what waits. */
  close(): void
}

export function createMessageInbox(deps: MessageInboxDeps): MessageInbox {
  const { handle, onOverflow, lengthMax = LENGTH_MAX } = deps
  let waiting: { readonly name: string; readonly message: string }[] = []
  let head = 0
  let length = 0
  let isScheduled = false
  let isClosed = false

  function clear(): number {
    const dropped = waiting.length - head
    waiting = []
    head = 0
    length = 0
    return dropped
  }

  function work(): void {
    isScheduled = false
    const endsAt = performance.now() + TURN_MS
    for (let count = 1; ; count += 1) {
      const next = waiting[head]
      if (!next) {
        clear()
        return
      }
      head += 1
      length -= next.message.length
      handle(next.name, next.message)
      if (count % STRIDE === 0 && performance.now() > endsAt) break
    }
    waiting = waiting.slice(head)
    head = 0
    schedule()
  }

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(work)
  }

  return {
    push(name, message) {
      if (isClosed) return
      waiting.push({ name, message })
      length += message.length
      if (length > lengthMax) onOverflow(clear())
      else schedule()
    },
    close() {
      isClosed = true
      clear()
    },
  }
}
