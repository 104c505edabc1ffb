import { storeBusy } from './store-error.js'

/**
 * Lets one writer at a time through, in order of arrival. SQLite has one writer per file, and its way of
 * waiting for the lock blocks the thread: a writer of this process that waited there for another writer of
 * this process, whose transaction spans several ticks, would wait for itself. So they wait here instead.
 */
export interface WriteGate {
  /** True when the gate was free; the caller holds it now. */
  tryEnter(): boolean
  /** Resolves once the caller holds the gate. Raises UNAVAILABLE (`store_busy`) after `timeoutMs`. */
  enter(timeoutMs: number): Promise<void>
  /** Hands the gate to the next in line. */
  leave(): void
}

interface Waiter {
  readonly admit: () => void
}

export function createWriteGate(): WriteGate {
  let held = false
  const line = new Set<Waiter>()

  const tryEnter = (): boolean => {
    if (held) return false
    held = true
    return true
  }

  const enter = (timeoutMs: number): Promise<void> => {
    if (tryEnter()) return Promise.resolve()
    return new Promise((resolve, reject) => {
      const waiter: Waiter = {
        admit: () => {
          clearTimeout(timer)
          resolve()
        },
      }
      const timer = setTimeout(() => {
        line.delete(waiter)
        reject(storeBusy())
      }, timeoutMs)
      line.add(waiter)
    })
  }

  const leave = (): void => {
    const [next] = line
    if (!next) {
      held = false
      return
    }
    line.delete(next)
    next.admit()
  }

  return { tryEnter, enter, leave }
}

interface SharedGate {
  readonly gate: WriteGate
  users: number
}

/**
 * One gate per file in this process, however many stores have the file open: state that belongs to the
 * process, as the lock that it stands for does.
 */
const gatesByFile = new Map<string, SharedGate>()

/** The gate of a file (a resolved path). Call `release` once when the store closes. */
export function shareWriteGate(file: string): { gate: WriteGate; release: () => void } {
  const shared = gatesByFile.get(file) ?? { gate: createWriteGate(), users: 0 }
  shared.users += 1
  gatesByFile.set(file, shared)
  return {
    gate: shared.gate,
    release: () => {
      shared.users -= 1
      if (shared.users === 0) gatesByFile.delete(file)
    },
  }
}
