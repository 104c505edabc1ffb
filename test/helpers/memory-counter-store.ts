import {
  assertCounterStep,
  type CounterState,
  type CounterStore,
} from '../../src/domain/counter.js'

/** Counters in memory, with the rules of the port. */
export function createMemoryCounterStore(counters = new Map<string, CounterState>()): CounterStore {
  return {
    async add(key, amount, windowMs, now) {
      assertCounterStep(amount, windowMs)
      const known = counters.get(key)
      const current = known && now < known.resetsAt ? known : { count: 0, resetsAt: now + windowMs }
      const next = { ...current, count: current.count + amount }
      if (amount > 0) counters.set(key, next)
      return next
    },
    async clear(key) {
      counters.delete(key)
    },
  }
}
