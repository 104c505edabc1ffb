import t from 'tap'
import { openStore } from '../../src/app/open-store.js'
import { systemClock } from '../../src/app/system-clock.js'
import { testConfig } from '../helpers/app-config.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { sharedRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { uniqueName } from '../helpers/server/unique-name.js'

const skip = skipUnless('redis')

await t.test('store answers a ping until it is closed', async (t) => {
  const config = await testConfig(t.testdir(), { 'store.sqlite.file': 'nested/own.db' })
  const store = await openStore({
    ...{ config, clock: systemClock, logger: createMemoryLogger() },
    processKind: 'test',
  })
  await store.migrator.up()
  store.checks['store']?.()
  t.equal(await store.users.findByUsername('nobody'), null)
  await store.close()
  await store.close()
  t.throws(() => store.checks['store']?.())
})

await t.test(
  'store brings channels and presence, which cost nothing before they start',
  async (t) => {
    const config = await testConfig(t.testdir())
    const store = await openStore({
      ...{ config, clock: systemClock, logger: createMemoryLogger() },
      processKind: 'test',
    })
    await store.migrator.up()
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const { channelBroker, presence } = store
    const history = { size: 10, lifetimeMs: 60_000 }
    const options = { history, idempotency: null, info: null, tags: null }
    t.match(await channelBroker.publish('news', '1', options), { position: { offset: 1 } })
    t.strictSame(await presence.stats('news'), { connections: 0, users: 0 })
    t.equal(timers(), before)
    const heard: string[] = []
    await channelBroker.start({
      onPublication: (_channel, { data }) => heard.push(data),
      onJoin: () => undefined,
      onLeave: () => undefined,
      onUnsure: () => undefined,
    })
    await channelBroker.subscribe('news')
    await channelBroker.publish('news', '2', options)
    t.strictSame(heard, ['2'])
    await presence.start(() => undefined)
    await store.close()
    const closed = { code: 'UNAVAILABLE', reason: 'broker_closed' }
    await t.rejects(channelBroker.publish('news', '3', options), closed)
  },
)

await t.test(
  'store keeps channels and presence in Redis where it is configured',
  { skip },
  async (t) => {
    const { url } = await sharedRedis()
    const overrides = { 'redis.url': [url], 'redis.keyPrefix': `${uniqueName()}:` }
    const config = await testConfig(t.testdir(), overrides)
    const store = await openStore({
      ...{ config, clock: systemClock, logger: createMemoryLogger() },
      processKind: 'test',
    })
    t.teardown(() => store.close())
    const { channelBroker, presence } = store
    await presence.start(() => undefined)
    const client = { connectionId: 'c', userId: 'u', connectionInfo: null, channelInfo: null }
    t.equal(await presence.add('room', client), true)
    t.strictSame(await presence.stats('room'), { connections: 1, users: 1 })
    t.strictSame([...(await channelBroker.positions(['room']))], [])
    t.match(await channelBroker.history('room', { since: null, limit: 1, reverse: false }), {
      position: { offset: 0 },
    })
  },
)
