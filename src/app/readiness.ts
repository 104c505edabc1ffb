import type { Readiness } from '../domain/health.js'

const PART_DEADLINE_MS = 1_000

/** Readiness that the lifecycle switches: on when everything listens, off before anything closes. */
export interface SwitchableReadiness extends Readiness {
  set(ready: boolean): void
  /** Called on every switch with the new state. */
  onChange(listener: (ready: boolean) => void): void
}

/** Asks one part; rejects when the part is failing. */
type PartCheck = () => void | Promise<void>

export function createReadiness(parts: Readonly<Record<string, PartCheck>>): SwitchableReadiness {
  let isOn = false
  const listeners: ((ready: boolean) => void)[] = []

  return {
    isReady: () => isOn,
    set(ready) {
      if (ready === isOn) return
      isOn = ready
      for (const listener of listeners) listener(ready)
    },
    onChange: (listener) => void listeners.push(listener),
    async check() {
      const entries = await Promise.all(
        Object.entries(parts).map(async ([name, check]) => [name, await stateOf(check)] as const),
      )
      const isEveryPartOk = entries.every(([, state]) => state === 'ok')
      return { ready: isOn && isEveryPartOk, parts: Object.fromEntries(entries) }
    },
  }
}

async function stateOf(check: PartCheck): Promise<'ok' | 'failing'> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<'failing'>((resolve) => {
    timer = setTimeout(() => resolve('failing'), PART_DEADLINE_MS)
  })
  const answer = (async () => {
    try {
      await check()
      return 'ok' as const
    } catch {
      return 'failing' as const
    }
  })()
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
