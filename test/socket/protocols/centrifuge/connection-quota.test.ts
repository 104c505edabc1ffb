import t from 'tap'
import { createPresenceKeeper } from '../../../../src/realtime/presence-keeper.js'
import type {
  CentrifugeDeps,
  CentrifugeOptions,
} from '../../../../src/socket/protocols/centrifuge/centrifuge-deps.js'
import { connectionQuota } from '../../../../src/socket/protocols/centrifuge/connection-quota.js'
import { createMemoryChannels } from '../../../helpers/memory-channel-broker.js'
import { createMemoryLogger } from '../../../helpers/memory-logger.js'

async function createQuota(connectionsPerUserMax: number) {
  const line = createMemoryChannels()
  const presence = line.presence.createStore()
  await presence.start(() => undefined)
  const logger = createMemoryLogger()
  const broker = line.createBroker()
  const findChannel = () => null
  const presenceKeeper = createPresenceKeeper({
    ...{ broker, presence, logger, findChannel, refreshMs: 1_000 },
  })
  const deps = { presenceKeeper, logger } as unknown as CentrifugeDeps
  const options = { connectionsPerUserMax } as CentrifugeOptions
  return { line, logger, presenceKeeper, quota: connectionQuota(deps, options) }
}

await t.test('a user has so many connections and no more', async (t) => {
  const { quota, presenceKeeper } = await createQuota(2)
  t.equal(await quota.enter('c1', 'ann'), true)
  t.equal(await quota.enter('c2', 'ann'), true)
  t.equal(await quota.enter('c3', 'ann'), false)
  t.equal(await quota.enter('c4', 'bob'), true)
  t.equal(await quota.enter('c5', 'ann'), false, 'who was refused takes no place')
  quota.leave('c3', 'ann')
  quota.leave('c1', 'ann')
  await presenceKeeper.settled()
  t.equal(await quota.enter('c6', 'ann'), true)
})

await t.test('of those that come at once, as many get in as may', async (t) => {
  const { quota, line, logger } = await createQuota(5)
  const ids = Array.from({ length: 20 }, (_, index) => `c${index}`)
  const outcomes = await Promise.all(ids.map((id) => quota.enter(id, 'ann')))
  t.equal(outcomes.filter(Boolean).length, 5)
  t.equal(line.calls.get('presence.addWithin'), 20, 'one step each')
  t.strictSame(logger.lines, [])
})

await t.test('who is nobody, and where there is no limit, is not counted', async (t) => {
  const { quota, line } = await createQuota(1)
  t.equal(await quota.enter('c1', ''), true)
  quota.leave('c1', '')
  const without = await createQuota(0)
  t.equal(await without.quota.enter('c1', 'ann'), true)
  without.quota.leave('c1', 'ann')
  t.strictSame([...line.calls.keys()], ['presence.start'])
  t.strictSame([...without.line.calls.keys()], ['presence.start'])
})

await t.test('a store that cannot be asked keeps nobody out', async (t) => {
  const { quota, line, logger } = await createQuota(1)
  line.setDown(true)
  t.equal(await quota.enter('c1', 'ann'), true)
  t.equal(await quota.enter('c2', 'ann'), true)
  t.ok(logger.lines.some(({ message }) => message === 'cannot count the connections of a user'))
})
