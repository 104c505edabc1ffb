/**
 * kill -9 of a socket process, and of the Redis that comes back empty, under load: what was acknowledged is with
 * everybody, once and in order, or everybody is told that it is lost. The seed is `STRESS_SEED`.
 */
import t, { type Test } from 'tap'
import { skipUnless } from '../helpers/server/service-binary.js'
import type { StressClient } from '../helpers/stress/stress-client.js'
import {
  allThere,
  assertComplete,
  assertNothingLeft,
  openStressHouse,
  PATIENCE_MS,
  Publisher,
  type StressHouse,
} from '../helpers/stress/stress-house.js'
import { waitFor } from '../helpers/wait-for.js'

const FILE_TIMEOUT_MS = 120_000
const CLIENTS_PER_NODE = 30
const skip = skipUnless('redis')

t.setTimeout(FILE_TIMEOUT_MS)

function idsOf(clients: readonly StressClient[]): string[] {
  return clients.map(({ connectionId }) => connectionId).sort()
}

function countOf<Item>(items: readonly Item[]): Map<Item, number> {
  const counts = new Map<Item, number>()
  for (const item of items) counts.set(item, (counts.get(item) ?? 0) + 1)
  return counts
}

/** One process is killed and started again; what was on it comes back to it. */
async function killOne(t: Test, { nodes, join }: StressHouse, victimIndex: 0 | 1) {
  const channel = `crowd:kill-${victimIndex}`
  const [victim, survivor] = victimIndex === 0 ? nodes : [nodes[1], nodes[0]]
  const watchers = await join(CLIENTS_PER_NODE, [channel], { node: survivor })
  const moving = await join(CLIENTS_PER_NODE, [channel], { node: victim })
  const publisher = new Publisher(nodes, channel)
  publisher.start()
  const all = [...watchers, ...moving]
  await waitFor('a steady load', () => publisher.count >= 50, PATIENCE_MS)
  t.strictSame(await survivor.presence(channel), idsOf(all), 'everybody is present')

  const gone = idsOf(moving).map((id) => `-${id}`)
  await victim.process().stop('SIGKILL')
  const before = publisher.count
  await waitFor('publications without it', () => publisher.count >= before + 20, PATIENCE_MS)
  await waitFor('the presence of the dead to go', async () => {
    const present = await survivor.presence(channel)
    return present.length === watchers.length
  })
  t.strictSame(await survivor.presence(channel), idsOf(watchers), 'who lives is still there')

  await victim.startAgain()
  await allThere(all)
  const after = publisher.count
  await waitFor('publications of both', () => publisher.count >= after + 20, PATIENCE_MS)
  await publisher.stop()
  await assertComplete(t, all, { channel, publisher })
  t.ok(
    moving.every((client) => client.on(channel).recovered > 0),
    'who was on it has recovered',
  )
  t.equal(
    all.reduce((sum, client) => sum + client.on(channel).lost, 0),
    0,
    'nobody was told of a loss',
  )
  t.strictSame(await survivor.presence(channel), idsOf(all), 'everybody is present again')
  t.ok(
    watchers.every(({ ends }) => ends.length === 0),
    'nobody else was disturbed',
  )
  for (const watcher of watchers) {
    const leaves = countOf(watcher.on(channel).moves.filter((move) => move.startsWith('-')))
    const wrong = gone.filter((leave) => leaves.get(leave) !== 1)
    if (wrong.length > 0) t.fail(`not told once: ${wrong.join(' ')}`)
  }
  for (const client of all) client.stop()
}

/** Redis comes back without anything: nobody may take the new streams for the old ones. */
async function emptyRedis(t: Test, { redis, nodes, join }: StressHouse) {
  const [busy, quiet, still] = ['kept:busy', 'kept:quiet', 'kept:still']
  const strangers = await join(CLIENTS_PER_NODE, [busy, quiet, still], { isStranger: true })
  const away = await join(6, [busy, quiet], { node: nodes[1], isStranger: true })
  const users = await join(4, [busy])
  await new Publisher(nodes, quiet).publish(10)
  const publisher = new Publisher(nodes, busy)
  publisher.start()
  await waitFor('a steady load', () => publisher.count >= 50, PATIENCE_MS)
  const oldEpochs = new Set([busy, quiet].map((channel) => strangers[0]?.on(channel).epoch))

  await redis.kill()
  for (const client of away) client.cut()
  await redis.restart()
  await waitFor('a new stream', () => publisher.acknowledged.size === 2, PATIENCE_MS)
  const before = publisher.count
  await waitFor('publications again', () => publisher.count >= before + 50, PATIENCE_MS)
  await publisher.stop()

  const all = [...strangers, ...away]
  await waitFor(
    'everybody to hear of both losses',
    () => all.every((client) => client.on(busy).lost > 0 && client.on(quiet).lost > 0),
    PATIENCE_MS,
  )
  await allThere(all)
  await assertComplete(t, all, { channel: busy, publisher })
  for (const client of all) {
    if (client.on(quiet).heard.length > 0) t.fail('a part of a stream that is gone')
    for (const channel of [busy, quiet]) {
      if (oldEpochs.has(client.on(channel).epoch)) t.fail(`still on the old stream of ${channel}`)
    }
  }
  // A stream that nothing was published on has lost nothing, whatever its epoch: it goes on.
  const onStill = new Publisher(nodes, still)
  await onStill.publish(10)
  await assertComplete(t, strangers, { channel: still, publisher: onStill })
  // The sessions went with the store: one that is not found is over.
  await waitFor('the users to be signed out', () => users.every(({ isOver }) => isOver))
  for (const { ends } of users) t.equal(ends.at(-1)?.code, 4500)
  for (const client of [...all, ...users]) client.stop()
}

await t.test('a socket process', { skip }, async (t) => {
  const house = await openStressHouse(t, {
    APP_BROKER_HEARTBEAT_MS: '500',
    APP_BROKER_LEASE_MS: '3000',
  })
  const baseline = await house.nodes[0].probe()
  await t.test('the first one is killed and started again', (t) => killOne(t, house, 0))
  await t.test('and the other one', (t) => killOne(t, house, 1))
  await t.test('nothing of them is left', async (t) => {
    for (const node of house.nodes) await assertNothingLeft(t, node, baseline)
  })
})

await t.test('Redis, which comes back empty', { skip }, async (t) => {
  const house = await openStressHouse(t, { APP_REALTIME_ANONYMOUS: 'true' })
  const baseline = await house.nodes[0].probe()
  await t.test('everybody is told that the past is lost', (t) => emptyRedis(t, house))
  await t.test('nothing of them is left', async (t) => {
    for (const node of house.nodes) await assertNothingLeft(t, node, baseline)
  })
})
