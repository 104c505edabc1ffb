import t, { type Test } from 'tap'
import { checkOneTimeStore } from '../contract/one-time-store-contract.js'
import { createMemoryOneTimeStore, type OneTimeEntry } from './memory-one-time-store.js'

await t.test('memory one-time store keeps the contract', async (t) => {
  const states = new WeakMap<Test, Map<string, OneTimeEntry>>()
  await checkOneTimeStore(t, async (t) => {
    const state = states.get(t) ?? new Map<string, OneTimeEntry>()
    states.set(t, state)
    return createMemoryOneTimeStore(state)
  })
})
