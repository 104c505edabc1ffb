import t from 'tap'
import { createRealtime } from '../../src/app/create-realtime.js'
import { testConfig } from '../helpers/app-config.js'
import { createMemoryChannels } from '../helpers/memory-channel-broker.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'

await t.test('the channels of a process follow the configuration', async (t) => {
  const config = await testConfig(t.testdir(), {
    'realtime.namespaces': { room: { presence: true, joinLeave: true } },
  })
  const line = createMemoryChannels()
  const [broker, presence] = [line.createBroker(), line.presence.createStore()]
  const other = line.presence.createStore()
  const logger = createMemoryLogger()
  const realtime = createRealtime({ config, channelBroker: broker, presence, logger })
  t.equal(line.calls.get('presence.start'), undefined, 'nothing runs before the start')
  await realtime.start()
  await other.start(() => undefined)
  t.teardown(() => realtime.close())
  t.equal(realtime.namespaces.find('room:a').rules.presence, true)
  const joins: string[] = []
  await broker.subscribe('room:a')
  const watcher = line.createBroker()
  await watcher.start({
    onPublication: () => {},
    onJoin: () => {},
    onLeave: (channel) => joins.push(channel),
    onUnsure: () => {},
  })
  await watcher.subscribe('room:a')
  const info = { connectionId: 'c', userId: '', connectionInfo: null, channelInfo: null }
  await other.add('room:a', info)
  await other.add('nobody-knows:a', info)
  line.presence.kill(other)
  await waitFor('the leave', () => joins.length === 1)
  t.strictSame(joins, ['room:a'])
})

await t.test('namespaces that contradict themselves stop the start', async (t) => {
  const config = await testConfig(t.testdir(), {
    'realtime.namespaces': { room: { recovery: true } },
  })
  const line = createMemoryChannels()
  t.throws(
    () =>
      createRealtime({
        config,
        channelBroker: line.createBroker(),
        presence: line.presence.createStore(),
        logger: createMemoryLogger(),
      }),
    { code: 'INVALID_ARGUMENT', details: [{ path: 'realtime.namespaces.room.recovery' }] },
  )
})
