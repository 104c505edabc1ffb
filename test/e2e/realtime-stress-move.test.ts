/**
 * Clients that are moved under load, by a process that stops, and by the rotation of connections: each comes back by
 * itself and has everything, once and in order. The seed is `STRESS_SEED`.
 */
import t, { type Test } from 'tap'
import { skipUnless } from '../helpers/server/service-binary.js'
import type { StressClient } from '../helpers/stress/stress-client.js'
import {
  allThere,
  assertComplete,
  openStressHouse,
  PATIENCE_MS,
  Publisher,
  type StressHouse,
} from '../helpers/stress/stress-house.js'
import { waitFor } from '../helpers/wait-for.js'

const FILE_TIMEOUT_MS = 120_000
const CLIENTS_PER_NODE = 40
/** What clients are told: that the process stops, and that it is time to connect again. */
const SHUTDOWN = 3001
const FORCE_RECONNECT = 3011
const ROTATION_SECONDS = 2
const skip = skipUnless('redis')

t.setTimeout(FILE_TIMEOUT_MS)

function assertMoved(t: Test, clients: readonly StressClient[], code: number): void {
  // What follows the first end may be an attempt at a process that is not there yet.
  const codes = new Set(clients.map(({ ends }) => ends[0]?.code))
  t.strictSame([...codes], [code], 'all were told to come back')
  const following = clients.map((client) => client.on('crowd:move'))
  t.ok(
    following.every(({ recovered }) => recovered > 0),
    'each has recovered',
  )
  t.ok(
    following.every(({ lost }) => lost === 0),
    'nobody was told of a loss',
  )
}

/** A process is stopped as an operator stops it, and another takes its place. */
async function drain(t: Test, { nodes, join }: StressHouse) {
  const channel = 'crowd:move'
  const [leaving, staying] = nodes
  const watchers = await join(CLIENTS_PER_NODE, [channel], { node: staying })
  const moving = await join(CLIENTS_PER_NODE, [channel], { node: leaving })
  const gone = moving.map(({ connectionId }) => `-${connectionId}`)
  const publisher = new Publisher(nodes, channel)
  publisher.start()
  await waitFor('a steady load', () => publisher.count >= 50, PATIENCE_MS)

  const process = leaving.process()
  t.strictSame(await process.stop('SIGTERM'), { code: 0, signal: null }, process.stderr())
  const before = publisher.count
  await waitFor('publications without it', () => publisher.count >= before + 20, PATIENCE_MS)
  await leaving.startAgain()
  await allThere(moving)
  await publisher.stop()

  await assertComplete(t, [...watchers, ...moving], { channel, publisher })
  assertMoved(t, moving, SHUTDOWN)
  t.ok(
    watchers.every(({ ends }) => ends.length === 0),
    'nobody else was disturbed',
  )
  const come = moving.map(({ connectionId }) => `+${connectionId}`)
  const hasHeard = (client: StressClient): boolean =>
    [...gone, ...come].every((move) => client.on(channel).moves.includes(move))
  await waitFor('everybody to hear who moved', () => watchers.every(hasHeard), PATIENCE_MS)
  const movesOf = (client: StressClient): string[] => client.on(channel).moves
  t.ok(
    watchers.every((watcher) => new Set(movesOf(watcher)).size === movesOf(watcher).length),
    'each coming and going is told once',
  )
  for (const client of [...watchers, ...moving]) client.stop()
}

await t.test('a process that stops loses nothing', { skip }, async (t) => {
  // A room of this size gathers who comes and goes.
  const house = await openStressHouse(t, { APP_REALTIME_JOIN_LEAVE_THRESHOLD: '10' })
  await drain(t, house)
})

await t.test('connections that rotate lose nothing', { skip }, async (t) => {
  const channel = 'crowd:move'
  const { nodes, join } = await openStressHouse(t, {
    APP_SOCKET_ROTATION_SECONDS: String(ROTATION_SECONDS),
  })
  const clients = await join(CLIENTS_PER_NODE, [channel])
  const publisher = new Publisher(nodes, channel)
  publisher.start()
  const hasMovedTwice = ({ ends }: StressClient): boolean => ends.length >= 2
  await waitFor('everybody to be moved twice', () => clients.every(hasMovedTwice), PATIENCE_MS)
  await publisher.stop()
  await allThere(clients)
  await assertComplete(t, clients, { channel, publisher })
  assertMoved(t, clients, FORCE_RECONNECT)
  for (const client of clients) client.stop()
})
