import t from 'tap'
import { redisMissing, startSentinelGroup } from '../../app/redis/redis-fixture.js'
import { kept, startEar } from '../../contract/channel-ear.js'
import { waitFor } from '../../helpers/wait-for.js'
import { createProcess } from './redis-process.js'

const skip = redisMissing()

await t.test('on a master that Sentinels move', { skip }, async (t) => {
  const { master, urls } = await startSentinelGroup(t)
  const options = { urls: [], sentinel: { masterName: 'main', urls } }
  const { broker } = await createProcess(t, options)
  const ear = await startEar({ createBroker: async () => broker }, 'news')
  await broker.publish('news', '1', kept())
  await waitFor('it', () => ear.heard.length === 1)
  await master.kill()
  await waitFor('the doubt', () => ear.wasUnsure('news'))
  await waitFor(
    'publications through the new master',
    async () => {
      await broker.publish('news', '"moved"', kept()).catch(() => null)
      return ear.heard.some((line) => line.endsWith('"moved"'))
    },
    20_000,
  )
})
