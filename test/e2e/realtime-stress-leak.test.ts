/**
 * Round after round of clients that come, hear, and go in every way there is: nothing of them is left in the two socket
 * processes, and their memory does not grow with the rounds. The seed is `STRESS_SEED`.
 */
import t, { type Test } from 'tap'
import type { LeakSample } from '../fixtures/leak-probe.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import type { StressClient } from '../helpers/stress/stress-client.js'
import {
  allThere,
  assertComplete,
  assertNothingLeft,
  openStressHouse,
  Publisher,
  type StressHouse,
} from '../helpers/stress/stress-house.js'

const FILE_TIMEOUT_MS = 120_000
const CLIENTS = 100
/** The first rounds are for the compiler, the pools and the buffers of the process. */
const WARM_UP_ROUNDS = 2
const ROUNDS = 7
const PUBLICATIONS = 20
/** What a connection with its subscriptions takes at the least while it lives. */
const CONNECTION_BYTES = 7 * 1024
/** Half of the clients are on each of the two processes, and they come twice. */
const CONNECTIONS_PER_ROUND = CLIENTS
/**
 * A heap that grows by more keeps a quarter of every connection. What is seen is a quarter of that: code that the
 * compiler makes for a minute, then nothing.
 */
const HEAP_SLOPE_BYTES_MAX = (CONNECTIONS_PER_ROUND * CONNECTION_BYTES) / 4
/** Resident memory moves in steps with the allocator, which gives back late: twice what the connections take. */
const RESIDENT_SLOPE_BYTES_MAX = CONNECTIONS_PER_ROUND * CONNECTION_BYTES * 2

t.setTimeout(FILE_TIMEOUT_MS)

/** The slope of the straight line with the least squares through values at 0, 1, 2 …, in units per step. */
function slopeOf(values: readonly number[]): number {
  const middle = (values.length - 1) / 2
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length
  let [above, below] = [0, 0]
  for (const [index, value] of values.entries()) {
    above += (index - middle) * (value - mean)
    below += (index - middle) ** 2
  }
  return above / below
}

/** They come, the wires are cut, they come back, and they go: by a reset, a close, or for what they did. */
async function playRound(t: Test, { nodes, join }: StressHouse, round: number): Promise<void> {
  const [kept, crowd] = [`kept:leak-${round}`, `crowd:leak-${round}`]
  const clients = await join(CLIENTS, [kept, crowd])
  const publisher = new Publisher(nodes, kept)
  await publisher.publish(PUBLICATIONS / 2)
  await Promise.all(nodes.map(({ proxy }) => proxy.cut()))
  await Promise.all(nodes.map(({ proxy }) => proxy.restore()))
  await publisher.publish(PUBLICATIONS / 2)
  await allThere(clients)
  await assertComplete(t, clients, { channel: kept, publisher })
  const ways: readonly ((client: StressClient) => void)[] = [
    (client) => client.stop(),
    (client) => client.sendRaw('{'),
    (client) => client.leave(),
  ]
  for (const [index, client] of clients.entries()) ways[index % ways.length]?.(client)
}

await t.test('nothing grows', { skip: skipUnless('redis') }, async (t) => {
  const house = await openStressHouse(t)
  const baselines = await Promise.all(house.nodes.map((node) => node.probe()))
  const samples: LeakSample[][] = house.nodes.map(() => [])
  for (let round = 0; round < WARM_UP_ROUNDS + ROUNDS; round += 1) {
    await t.test(`round ${round}`, async (t) => {
      await playRound(t, house, round)
      const left = house.nodes.map(async (node, index) => {
        const baseline = baselines[index]
        if (baseline) samples[index]?.push(await assertNothingLeft(t, node, baseline))
      })
      await Promise.all(left)
    })
  }
  for (const own of samples) {
    const after = own.slice(WARM_UP_ROUNDS)
    const heap = slopeOf(after.map(({ heapBytes }) => heapBytes))
    const resident = slopeOf(after.map(({ residentBytes }) => residentBytes))
    t.comment(`a round adds ${heap.toFixed(0)} bytes of heap, ${resident.toFixed(0)} resident`)
    t.ok(heap <= HEAP_SLOPE_BYTES_MAX, `the heap grows by ${heap.toFixed(0)} bytes a round`)
    t.ok(
      resident <= RESIDENT_SLOPE_BYTES_MAX,
      `resident memory grows by ${resident.toFixed(0)} bytes a round`,
    )
  }
})
