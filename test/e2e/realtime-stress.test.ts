/**
 * Two socket servers on one line, real sockets, chance from a seed: exact counts and order whatever is cut. The seed is
 * `STRESS_SEED`, else that of the day the suite was written; invariants, never thresholds of time.
 */
import t from 'tap'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { createMemoryChannels } from '../helpers/memory-channel-broker.js'
import { waitFor } from '../helpers/wait-for.js'
import { type SocketServer, startSocketServer } from '../socket/socket-server.js'
import { openWire, type WireClient } from '../socket/protocols/centrifuge/wire-client.js'

const SEED = Number(process.env['STRESS_SEED'] ?? 20_261_121)
const CLIENTS = 40
const PUBLICATIONS = 400
const CHANNEL = 'kept:stress'

/** Mulberry32: small, seeded, good enough to choose whom to cut. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296
  }
}

async function startTwo(t: { teardown(action: () => unknown): void }) {
  const line = createMemoryChannels()
  const broker = createFakeBroker()
  const servers: SocketServer[] = []
  for (const processId of ['one', 'two']) {
    const server = await startSocketServer(t, {
      ...{ line, broker, processId, busyWindowMs: 2, positionCheckMs: 50 },
      namespaces: { kept: { historySize: 5_000, recovery: true } },
    })
    server.authentication.grant('token', { userId: 'ann' })
    servers.push(server)
  }
  return { line, servers }
}

interface Publication {
  readonly offset: number
  readonly data: number
}

/** A client that comes back from where it was, on whichever server chance chooses. */
class Follower {
  readonly #servers: readonly SocketServer[]
  readonly #random: () => number
  readonly got: Publication[] = []
  #wire: WireClient | null = null
  #taken = 0
  #epoch = ''
  failures = 0

  constructor(servers: readonly SocketServer[], random: () => number) {
    this.#servers = servers
    this.#random = random
  }

  async join(): Promise<void> {
    const server = this.#servers[Math.floor(this.#random() * this.#servers.length)]
    if (!server) throw new Error('no server')
    const wire = await openWire(server)
    const last = this.got.at(-1)?.offset ?? 0
    const isFirst = this.#epoch === ''
    const reply = await wire.ask('subscribe', {
      channel: CHANNEL,
      ...(isFirst ? {} : { recover: true, offset: last, epoch: this.#epoch }),
    })
    const result = reply['subscribe'] as {
      epoch: string
      recovered?: boolean
      publications?: Publication[]
    }
    if (!isFirst && result.recovered !== true) this.failures += 1
    this.#epoch = result.epoch
    this.got.push(...(result.publications ?? []))
    this.#wire = wire
    this.#taken = 0
  }

  /** Takes over what has arrived by now. */
  read(): number {
    const pubs = (this.#wire?.pushes() ?? []).flatMap((push) =>
      push['channel'] === CHANNEL && 'pub' in push ? [push['pub'] as Publication] : [],
    )
    this.got.push(...pubs.slice(this.#taken))
    this.#taken = pubs.length
    return this.got.length
  }

  /** The network goes without a word. */
  cut(): void {
    this.read()
    this.#wire?.client.socket.terminate()
    this.#wire = null
  }

  isCut(): boolean {
    return this.#wire === null
  }
}

await t.test(`exact counts and order through cuts and losses (seed ${SEED})`, async (t) => {
  const random = createRandom(SEED)
  const { line, servers } = await startTwo(t)
  const followers = Array.from({ length: CLIENTS }, () => new Follower(servers, random))
  await Promise.all(followers.map((follower) => follower.join()))
  for (let value = 1; value <= PUBLICATIONS; value += 1) {
    if (random() < 0.05) line.loseNext(1 + Math.floor(random() * 3))
    if (random() < 0.1) followers[Math.floor(random() * CLIENTS)]?.cut()
    const server = servers[value % servers.length]
    await server?.realtime.publish({ channel: CHANNEL, data: `${value}` })
    if (value % 20 === 0) {
      const away = followers.filter((follower) => follower.isCut())
      await Promise.all(away.map((follower) => follower.join()))
    }
  }
  const away = followers.filter((follower) => follower.isCut())
  await Promise.all(away.map((follower) => follower.join()))
  await waitFor('everybody to have all', () =>
    followers.every((follower) => follower.read() >= PUBLICATIONS),
  )
  const wanted = Array.from({ length: PUBLICATIONS }, (_, index) => index + 1)
  for (const follower of followers) {
    t.strictSame(
      follower.got.map(({ data }) => data),
      wanted,
    )
    t.strictSame(
      follower.got.map(({ offset }) => offset),
      wanted,
    )
    t.equal(follower.failures, 0)
  }
})

await t.test('a storm of clients that come back at once', async (t) => {
  const random = createRandom(SEED + 1)
  const { servers } = await startTwo(t)
  const followers = Array.from({ length: 200 }, () => new Follower(servers, random))
  await Promise.all(followers.map((follower) => follower.join()))
  for (let value = 1; value <= 50; value += 1) {
    await servers[0]?.realtime.publish({ channel: CHANNEL, data: `${value}` })
  }
  await waitFor('all', () => followers.every((follower) => follower.read() === 50))
  for (const follower of followers) follower.cut()
  for (let value = 51; value <= 80; value += 1) {
    await servers[1]?.realtime.publish({ channel: CHANNEL, data: `${value}` })
  }
  const joined = Promise.all(followers.map((follower) => follower.join()))
  for (let value = 81; value <= 90; value += 1) {
    await servers[0]?.realtime.publish({ channel: CHANNEL, data: `${value}` })
  }
  await joined
  await waitFor('all', () => followers.every((follower) => follower.read() === 90))
  for (const follower of followers) {
    t.strictSame(
      follower.got.map(({ data }) => data),
      Array.from({ length: 90 }, (_, index) => index + 1),
    )
  }
})

await t.test('racing publishes with one key are one publication', async (t) => {
  const { servers } = await startTwo(t)
  const follower = new Follower(servers, createRandom(SEED + 2))
  await follower.join()
  const answers = await Promise.all(
    Array.from({ length: 50 }, async (_, index) =>
      servers[index % 2]?.realtime.publish({
        ...{ channel: CHANNEL, data: `${index}`, idempotencyKey: `key ${index % 5}` },
      }),
    ),
  )
  t.equal(answers.filter((answer) => answer?.duplicate === false).length, 5)
  await waitFor('five', () => follower.read() === 5)
  t.strictSame(
    follower.got.map(({ offset }) => offset),
    [1, 2, 3, 4, 5],
  )
})

await t.test(
  'malformed frames in the middle of traffic end their own connection only',
  async (t) => {
    const random = createRandom(SEED + 3)
    const { servers } = await startTwo(t)
    const good = new Follower(servers, random)
    await good.join()
    const frames = ['{', '[]', '{"id":1}', '{"id":1,"fly":{}}', '\u0000', '{"id":-1,"ping":{}}']
    for (let round = 0; round < 30; round += 1) {
      const server = servers[round % 2]
      if (!server) continue
      const bad = await openWire(server)
      bad.client.send(frames[Math.floor(random() * frames.length)])
      await server.realtime.publish({ channel: CHANNEL, data: `${round}` })
      t.strictSame(await bad.client.closed, { code: 3501, reason: 'bad request' })
    }
    await waitFor('all', () => good.read() === 30)
  },
)

await t.test('nothing is left when all are gone', async (t) => {
  const random = createRandom(SEED + 4)
  const { servers } = await startTwo(t)
  for (let round = 0; round < 3; round += 1) {
    const followers = Array.from({ length: 60 }, () => new Follower(servers, random))
    await Promise.all(followers.map((follower) => follower.join()))
    for (const follower of followers) follower.cut()
    await waitFor('empty servers', () => servers.every(({ hub }) => hub.connectionCount() === 0))
    for (const { centrifuge, handles } of servers) {
      t.equal(centrifuge.clients.clientCount(), 0)
      t.equal(centrifuge.channels.subscriptionCount(), 0)
      t.strictSame(handles.sessionIds(), [])
    }
  }
})
