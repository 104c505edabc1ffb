/**
 * Two socket servers in this process on a line that loses messages, which no real one does on demand: exact counts and
 * order all the same, and no handle of a session left. The processes themselves are stressed in `realtime-stress-*`.
 */
import t from 'tap'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { createMemoryChannels } from '../helpers/memory-channel-broker.js'
import { waitFor } from '../helpers/wait-for.js'
import { type SocketServer, startSocketServer } from '../socket/socket-server.js'
import { openWire, type WireClient } from '../socket/protocols/centrifuge/wire-client.js'
import { createRandom, type Random, SEED } from '../helpers/stress/random.js'

const CLIENTS = 40
const PUBLICATIONS = 400
const CHANNEL = 'kept:stress'

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
  readonly #random: Random
  readonly got: Publication[] = []
  #wire: WireClient | null = null
  #taken = 0
  #epoch = ''
  failures = 0

  constructor(servers: readonly SocketServer[], random: Random) {
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

await t.test('nothing is left when all are gone', async (t) => {
  const random = createRandom(SEED + 1)
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
