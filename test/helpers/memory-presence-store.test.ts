import t from 'tap'
import { checkPresenceStore, infoOf } from '../contract/presence-store-contract.js'
import { createMemoryPresence } from './memory-presence-store.js'

await t.test('memory presence keeps the contract', (t) =>
  checkPresenceStore(t, async (t) => {
    const memory = createMemoryPresence()
    return {
      async createStore({ onSwept = () => undefined, onLost } = {}) {
        const store = memory.createStore()
        t.teardown(() => store.close())
        await store.start(onSwept, onLost)
        return store
      },
      async createHanging() {
        const store = memory.createStore()
        t.teardown(() => store.close())
        await store.start(() => undefined)
        memory.lapse(store)
        return store
      },
      async runAndKill(channels, count) {
        const dying = memory.createStore()
        await dying.start(() => undefined)
        for (const channel of channels) {
          for (let index = 0; index < count; index += 1) {
            await dying.add(channel, infoOf(`dead-${index}`, 'dead'))
          }
        }
        memory.kill(dying)
      },
      loseEntries: async () => memory.loseEntries(),
    }
  }),
)

await t.test('memory presence must be started before it enters anybody', async (t) => {
  const store = createMemoryPresence().createStore()
  const notStarted = { code: 'INTERNAL', reason: 'presence_not_started' }
  await t.rejects(store.add('room', infoOf('1', 'ann')), notStarted)
  await t.rejects(store.addWithin('room', infoOf('1', 'ann'), 1), notStarted)
})
