import t from 'tap'
import { createPresenceKeeper } from '../../../../src/realtime/presence-keeper.js'
import type {
  CentrifugeDeps,
  CentrifugeOptions,
} from '../../../../src/socket/protocols/centrifuge/centrifuge-deps.js'
import { connectionQuota } from '../../../../src/socket/protocols/centrifuge/connection-quota.js'
import { createMemoryChannels } from '../../../helpers/memory-channels.js'
import { createMemoryLogger } from '../../../helpers/memory-logger.js'

function createQuota(connectionsPerUserMax: number) {
  const line = createMemoryChannels()
  const presence = line.createPresence()
  const logger = createMemoryLogger()
  const broker = line.createBroker()
  const findChannel = () => null
  const presenceKeeper = createPresenceKeeper({
    ...{ broker, presence, logger, findChannel, refreshMs: 1_000 },
  })
  const deps = { presence, presenceKeeper, logger } as unknown as CentrifugeDeps
  const options = { connectionsPerUserMax } as CentrifugeOptions
  return { line, logger, presenceKeeper, quota: connectionQuota(deps, options) }
}

await t.test('a user has so many connections and no more', async (t) => {
  const { quota, presenceKeeper } = createQuota(2)
  t.equal(await quota.enter('c1', 'ann'), true)
  t.equal(await quota.enter('c2', 'ann'), true)
  t.equal(await quota.enter('c3', 'ann'), false)
  t.equal(await quota.enter('c4', 'bob'), true)
  quota.leave('c3', 'ann')
  quota.leave('c1', 'ann')
  await presenceKeeper.settled()
  t.equal(await quota.enter('c5', 'ann'), true)
})

await t.test('who is nobody, and where there is no limit, is not counted', async (t) => {
  const { quota, line } = createQuota(1)
  t.equal(await quota.enter('c1', ''), true)
  quota.leave('c1', '')
  const without = createQuota(0)
  t.equal(await without.quota.enter('c1', 'ann'), true)
  without.quota.leave('c1', 'ann')
  t.equal(line.calls.size + without.line.calls.size, 0)
})

await t.test('a store that cannot be asked keeps nobody out', async (t) => {
  const { quota, line, logger } = createQuota(1)
  line.setDown(true)
  t.equal(await quota.enter('c1', 'ann'), true)
  t.ok(logger.lines.some(({ message }) => message === 'cannot count the connections of a user'))
})
