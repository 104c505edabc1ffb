import t from 'tap'
import { checkChannelBroker } from '../contract/channel-broker-contract.js'
import { createMemoryChannels } from './memory-channel-broker.js'

await t.test('memory channels keep the contract', (t) =>
  checkChannelBroker(t, async (t) => {
    const { createBroker, loseStreams, reportUnsure } = createMemoryChannels()
    return {
      createBroker: async () => {
        const broker = createBroker()
        t.teardown(() => broker.close())
        return broker
      },
      loseStreams: async () => loseStreams(),
      loseMessages: async (channel) => reportUnsure([channel]),
    }
  }),
)
