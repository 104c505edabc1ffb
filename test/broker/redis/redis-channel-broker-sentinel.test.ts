import t from 'tap'
import { kept, startEar } from '../../contract/channel-ear.js'
import { startRedisSentinel } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { waitFor } from '../../helpers/wait-for.js'
import { createProcess } from './redis-process.js'

const skip = skipUnless('redis')

await t.test('on a master that Sentinels move', { skip }, async (t) => {
  const { name, sentinels, servers } = await startRedisSentinel(t)
  const sentinel = { masterName: name, urls: sentinels.map(({ url }) => url) }
  const options = { urls: [], sentinel }
  const { broker } = await createProcess(t, options)
  const ear = await startEar({ createBroker: async () => broker }, 'news')
  await broker.publish('news', '1', kept())
  await waitFor('it', () => ear.heard.length === 1)
  await servers[0]?.kill()
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
