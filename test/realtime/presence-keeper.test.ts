import t from 'tap'
import type { ClientInfo } from '../../src/domain/channel-broker.js'
import { createNamespaces } from '../../src/realtime/namespace.js'
import { createPresenceKeeper } from '../../src/realtime/presence-keeper.js'
import { createMemoryChannels } from '../helpers/memory-channel-broker.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'
import { OPEN_RULES } from './channel-rules.js'

const namespaces = createNamespaces(OPEN_RULES, {
  room: { presence: true, joinLeave: true },
  quiet: { presence: true },
  told: { joinLeave: true },
  plain: {},
})
const info = (connectionId: string): ClientInfo => ({
  connectionId,
  userId: `user of ${connectionId}`,
  connectionInfo: null,
  channelInfo: null,
})

async function setUp(t: { teardown(action: () => unknown): void }, refreshMs = 60_000) {
  const line = createMemoryChannels()
  const logger = createMemoryLogger()
  const heard: string[] = []
  const watcher = line.createBroker()
  await watcher.start({
    onPublication: () => {},
    onUnsure: () => {},
    onJoin: (channel, { connectionId }) => heard.push(`+${channel} ${connectionId}`),
    onLeave: (channel, { connectionId }) => heard.push(`-${channel} ${connectionId}`),
  })
  for (const channel of ['room:a', 'quiet:a', 'told:a', 'plain:a']) await watcher.subscribe(channel)
  async function createProcess() {
    const presence = line.presence.createStore()
    const keeper = createPresenceKeeper({
      ...{ broker: line.createBroker(), presence, logger, refreshMs },
      findChannel: (name) => (name.startsWith('gone') ? null : namespaces.find(name)),
    })
    await keeper.start()
    t.teardown(() => keeper.close())
    return { keeper, presence }
  }
  return { line, logger, heard, createProcess, ...(await createProcess()) }
}

await t.test('entries come and go, and are told where the rules say so', async (t) => {
  const { keeper, presence, heard, line } = await setUp(t)
  for (const channel of ['room:a', 'quiet:a', 'told:a', 'plain:a']) {
    await keeper.enter(namespaces.find(channel), info('c1'))
  }
  t.strictSame(await presence.list('room:a', 10), [info('c1')])
  t.strictSame(await presence.stats('quiet:a'), { connections: 1, users: 1 })
  t.strictSame(await presence.list('told:a', 10), [])
  await waitFor('the joins', () => heard.length === 2)
  for (const channel of ['room:a', 'quiet:a', 'told:a', 'plain:a']) {
    keeper.leave(namespaces.find(channel), 'c1')
    keeper.leave(namespaces.find(channel), 'c1')
  }
  await keeper.settled()
  await waitFor('the leaves', () => heard.length === 4)
  t.strictSame(heard.sort(), ['+room:a c1', '+told:a c1', '-room:a c1', '-told:a c1'])
  t.strictSame(await presence.list('room:a', 10), [])
  t.equal(line.calls.get('presence.remove'), 2)
})

await t.test('a connection that comes back at once is there in the end', async (t) => {
  const { keeper, presence, heard } = await setUp(t)
  const room = namespaces.find('room:a')
  void keeper.enter(room, info('c1'))
  keeper.leave(room, 'c1')
  void keeper.enter(room, info('c1'))
  await keeper.settled()
  t.strictSame(await presence.list('room:a', 10), [info('c1')])
  await waitFor('the join', () => heard.length > 0)
  t.strictSame(heard, ['+room:a c1'], 'what never got in does not leave')
})

await t.test('a store that fails is tried again and does not stop anybody', async (t) => {
  const { keeper, presence, logger, line } = await setUp(t, 10)
  line.setDown(true)
  await keeper.enter(namespaces.find('quiet:a'), info('c1'))
  t.match(logger.lines, [
    { level: 'warn', message: 'cannot enter a connection into the presence of a channel' },
  ])
  line.setDown(false)
  await waitFor('the renewal', async () => (await presence.list('quiet:a', 10)).length === 1)
  line.setDown(true)
  keeper.leave(namespaces.find('quiet:a'), 'c1')
  await keeper.settled()
  line.setDown(false)
  t.ok(
    logger.lines.some(
      ({ message }) => message === 'cannot take a connection out of the presence of a channel',
    ),
  )
})

await t.test('what a dead process left is told once', async (t) => {
  const { createProcess, heard, line } = await setUp(t)
  const other = await createProcess()
  await other.keeper.enter(namespaces.find('room:a'), info('c9'))
  await other.keeper.enter(namespaces.find('quiet:a'), info('c9'))
  await other.presence.add('gone:a', info('c9'))
  await waitFor('the join', () => heard.length === 1)
  line.presence.kill(other.presence)
  await waitFor('the leave', () => heard.length === 2)
  t.strictSame(heard, ['+room:a c9', '-room:a c9'])
})

await t.test('a place is taken, refused and given back in order', async (t) => {
  const { keeper, presence, line } = await setUp(t, 10)
  const quiet = namespaces.find('quiet:a')
  t.equal(await keeper.enterWithin(quiet, info('c1'), 2), true)
  t.equal(await keeper.enterWithin(quiet, info('c2'), 2), true)
  t.equal(await keeper.enterWithin(quiet, info('c3'), 2), false)
  const removals = line.calls.get('presence.remove')
  keeper.leave(quiet, 'c3')
  await keeper.settled()
  t.equal(line.calls.get('presence.remove'), removals, 'who is not in has nothing to give back')
  const renewals = (): number => line.calls.get('presence.add') ?? 0
  const before = renewals()
  await waitFor('two rounds', () => renewals() >= before + 4)
  t.strictSame(await presence.stats('quiet:a'), { connections: 2, users: 2 }, 'nor is it renewed')
  keeper.leave(quiet, 'c1')
  t.equal(await keeper.enterWithin(quiet, info('c1'), 2), true, 'after what was begun before')
  const [left, entering] = [keeper.enterWithin(quiet, info('c4'), 3), keeper.settled()]
  keeper.leave(quiet, 'c4')
  await entering
  t.equal(await left, false, 'who left before its turn does not get in')
  await keeper.settled()
  t.strictSame(await presence.stats('quiet:a'), { connections: 2, users: 2 })
})

await t.test('a store that cannot be asked for a place gets the entry later', async (t) => {
  const { keeper, presence, line } = await setUp(t, 10)
  const quiet = namespaces.find('quiet:a')
  line.setDown(true)
  const away = { code: 'UNAVAILABLE', reason: 'broker_unavailable' }
  await t.rejects(keeper.enterWithin(quiet, info('c1'), 0), away)
  line.setDown(false)
  await waitFor('the entry', async () => (await presence.list('quiet:a', 10)).length === 1)
  keeper.leave(quiet, 'c1')
  await keeper.settled()
  t.strictSame(await presence.list('quiet:a', 10), [])
})
