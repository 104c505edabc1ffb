import t, { type Test } from 'tap'
import type { CounterState } from '../../src/domain/counter.js'
import { checkCounterStore } from '../contract/counter-store-contract.js'
import { createMemoryCounterStore } from './memory-counter-store.js'

await t.test('memory counter store keeps the contract', async (t) => {
  const states = new WeakMap<Test, Map<string, CounterState>>()
  await checkCounterStore(t, async (t) => {
    const state = states.get(t) ?? new Map<string, CounterState>()
    states.set(t, state)
    return createMemoryCounterStore(state)
  })
})
