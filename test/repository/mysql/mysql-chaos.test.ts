/** Servers that are killed, stalled and stale under a steady load. */
import t, { type Test } from 'tap'
import { createUserRepository } from '../../../src/repository/user-repository.js'
import { type MysqlStore, openMysqlStore } from '../../../src/repository/mysql/mysql-store.js'
import { createTransactionRunner } from '../../../src/repository/transaction-runner.js'
import { sampleUser } from '../../contract/user-repository-contract.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { type MariaDbPair, startMariaDbPair } from '../../helpers/server/mariadb.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { startTcpProxy, type TcpProxy } from '../../helpers/server/tcp-proxy.js'
import { waitFor } from '../../helpers/wait-for.js'
import { mysqlOptions, type MysqlUrls, openTestMysql } from './open-test-mysql.js'
import { missingUsers, startSteadyLoad, type SteadyLoad } from './steady-load.js'

const skip = skipUnless('mariadb')
const FILE_TIMEOUT_MS = 180_000
const CONNECT_TIMEOUT_MS = 500
const QUERY_TIMEOUT_MS = 1_000
const DEADLINE_MS = CONNECT_TIMEOUT_MS + QUERY_TIMEOUT_MS
const RECOVERY_MS_MAX = 60_000
const TIMEOUTS = {
  connectTimeoutMs: CONNECT_TIMEOUT_MS,
  queryTimeoutMs: QUERY_TIMEOUT_MS,
  probeIntervalMs: 50,
  readYourWritesMs: 1_000,
}
const SOME = 20

t.setTimeout(FILE_TIMEOUT_MS)

interface House {
  readonly pair: MariaDbPair
  readonly urls: MysqlUrls
  readonly store: MysqlStore
  /** The wires between the store and its servers. */
  readonly wires: { readonly primary: TcpProxy; readonly replica: TcpProxy }
  /** The address of the replica as the store knows it. */
  readonly replicaAddress: string
  /** The addresses of the servers that were asked for a user by id, in order. */
  readonly serversAsked: () => string[]
  /** Waits until the store has left a server out, or taken it in, once more than before. */
  readonly left: (address: string) => Promise<unknown>
}

const BY_ID = /^select .* from `users` where `id` = \?$/

async function openHouse(t: Test): Promise<House> {
  const pair = await startMariaDbPair(t)
  const database = await pair.createDatabase()
  const through = async (url: string): Promise<{ proxy: TcpProxy; url: string }> => {
    const { hostname, port } = new URL(url)
    const proxy = await startTcpProxy({ target: { host: hostname, port: Number(port) } })
    t.teardown(() => proxy.close())
    return { proxy, url: url.replace(`${hostname}:${port}`, `${proxy.host}:${proxy.port}`) }
  }
  const primary = await through(database.primaryUrl)
  const replica = await through(database.replicaUrls[0] ?? '')
  const urls = { url: primary.url, replicaUrls: [replica.url] }
  const logger = createMemoryLogger()
  const store = await openTestMysql(t, urls, { ...TIMEOUTS, logger })
  const timesLeftOut = (address: string): number =>
    logger.lines.filter(
      ({ message, fields }) => /left out/.test(message) && fields['server'] === address,
    ).length
  return {
    ...{ pair, urls, store },
    wires: { primary: primary.proxy, replica: replica.proxy },
    replicaAddress: `${replica.proxy.host}:${replica.proxy.port}`,
    serversAsked: () =>
      logger.lines
        .filter(({ message, fields }) => message === 'sql' && BY_ID.test(String(fields['sql'])))
        .map(({ fields }) => String(fields['server'])),
    left(address) {
      const before = timesLeftOut(address)
      return waitFor(`${address} is left out`, () => timesLeftOut(address) > before)
    },
  }
}

/** Waits until a user of whom nothing was written lately is read from the replica. */
async function replicaInUse({ store, serversAsked, replicaAddress }: House): Promise<void> {
  const users = createUserRepository(store)
  await waitFor(
    'the replica answers reads',
    async () => {
      await users.findById('nobody')
      return serversAsked().at(-1) === replicaAddress
    },
    RECOVERY_MS_MAX,
  )
}

/** Waits until the replica takes its part of a load. */
async function replicaLoaded({ serversAsked, replicaAddress }: House): Promise<void> {
  const before = serversAsked().length
  await waitFor(
    'the replica answers the load',
    () => serversAsked().slice(before).includes(replicaAddress),
    RECOVERY_MS_MAX,
  )
}

async function more(what: string, count: () => number): Promise<void> {
  const before = count()
  await waitFor(what, () => count() >= before + SOME, RECOVERY_MS_MAX)
}

async function endLoad(t: Test, store: MysqlStore, load: SteadyLoad): Promise<void> {
  await load.stop()
  t.strictSame(await missingUsers(store, load.acknowledged), [], 'no acknowledged write is lost')
  t.equal(load.hanging(), 0, 'no request hangs past its deadline')
  t.strictSame(load.stale, [], 'everybody reads their own writes')
  const { writes, reads } = load
  t.comment(
    `writes ${writes.ok} ok, ${writes.failed} refused; reads ${reads.ok} ok, ${reads.failed} refused`,
  )
}

await t.test('servers that die and come back', { skip }, async (t) => {
  const house = await openHouse(t)
  const { pair, urls, store } = house
  await replicaInUse(house)

  await t.test('kill -9 of the primary', async (t) => {
    const load = await startSteadyLoad(store, DEADLINE_MS)
    await more('writes succeed', () => load.writes.ok)
    await replicaLoaded(house)
    await pair.primary.kill()
    await more('writes are refused', () => load.writes.failed)
    t.strictSame([...load.writes.errors], ['UNAVAILABLE store_unavailable'])
    await more('reads of what the replica has go on', () => load.reads.ok)
    store.check()
    await t.rejects(store.latest.selectFrom('users').select('id').execute(), {
      code: 'UNAVAILABLE',
      reason: 'store_unavailable',
    })
    await pair.primary.restart()
    const restartedAt = performance.now()
    await more('writes succeed again', () => load.writes.ok)
    t.comment(
      `writes again ${Math.round(load.writes.lastFailureAt - restartedAt)} ms after the primary`,
    )
    await endLoad(t, store, load)
  })

  await t.test('kill -9 of the replica', async (t) => {
    await pair.synced()
    await replicaInUse(house)
    const load = await startSteadyLoad(store, DEADLINE_MS)
    await replicaLoaded(house)
    const isLeftOut = house.left(house.replicaAddress)
    await pair.replica.kill()
    await isLeftOut
    await more('writes go on', () => load.writes.ok)
    await more('reads go on', () => load.reads.ok)
    await pair.replica.restart()
    const restartedAt = performance.now()
    await replicaLoaded(house)
    t.comment(
      `the replica serves ${Math.round(performance.now() - restartedAt)} ms after its start`,
    )
    t.strictSame([...load.writes.errors], [], 'no write notices')
    t.strictSame([...load.reads.errors], [], 'no read notices')
    await endLoad(t, store, load)
  })

  await t.test('a replica that is dead at the start', async (t) => {
    await pair.replica.kill()
    const logger = createMemoryLogger()
    const late = await openTestMysql(t, urls, { ...TIMEOUTS, logger })
    const users = createUserRepository(late)
    t.equal(await users.findById('nobody'), null)
    await pair.replica.restart()
    const address = house.replicaAddress
    await waitFor(
      'it is taken in by itself',
      () =>
        logger.lines.some(
          ({ message, fields }) => /in use/.test(message) && fields['server'] === address,
        ),
      RECOVERY_MS_MAX,
    )
  })

  await t.test('a primary that is dead at the start', async (t) => {
    await pair.primary.kill()
    const late = openMysqlStore(mysqlOptions(urls, { ...TIMEOUTS, startTimeoutMs: 300 }))
    t.teardown(() => late.close())
    await t.rejects(late.start(), {
      code: 'UNAVAILABLE',
      reason: 'store_unavailable',
      message: /^The MySQL server 127\.0\.0\.1:\d+ cannot be used: /,
    })
    await pair.primary.restart()
    await late.start()
    late.check()
  })
})

await t.test('a replica that stands still', { skip }, async (t) => {
  const house = await openHouse(t)
  const { pair, store, serversAsked, replicaAddress } = house
  const users = createUserRepository(store)
  const transactions = createTransactionRunner(store, createMemoryLogger())
  await transactions.run((tx) => users.create(tx, sampleUser('ann')))
  await transactions.run((tx) => users.create(tx, sampleUser('bob')))
  await pair.synced()
  await replicaInUse(house)
  await pair.lagBehind()

  let stale = 0
  for (let round = 0; round < SOME; round += 1) {
    const displayName = `Ann ${round}`
    await transactions.run((tx) => users.update(tx, 'id-ann', { displayName }))
    const seen = [await users.findById('id-ann'), await users.findByUsername('ann')]
    stale += seen.filter((user) => user?.displayName !== displayName).length
  }
  t.equal(stale, 0, 'who writes sees it, by id and by name')
  const database = store.name.split(' ')[0] ?? ''
  const [onReplica] = await pair.replica.query(
    `SELECT display_name FROM ${database}.users WHERE id = 'id-ann'`,
  )
  t.equal(onReplica?.['display_name'], 'The ann', 'the replica does not have it')

  await waitFor('the replica is too far behind for anybody', async () => {
    await users.findById('id-bob')
    return serversAsked()
      .slice(-10)
      .every((server) => server !== replicaAddress)
  })
  t.match(await users.findById('id-ann'), { displayName: `Ann ${SOME - 1}` }, 'long after, too')

  await pair.followPrimary()
  await pair.synced()
  await waitFor('the replica answers again', async () => {
    await users.findById('id-ann')
    return serversAsked().at(-1) === replicaAddress
  })
  t.match(await users.findById('id-ann'), { displayName: `Ann ${SOME - 1}` })
})

await t.test('wires that are damaged', { skip }, async (t) => {
  const house = await openHouse(t)
  const { store, wires, replicaAddress } = house

  for (const [name, damage] of [
    ['stalled', (proxy: TcpProxy) => proxy.stall()],
    ['not heard', (proxy: TcpProxy) => proxy.halfOpen('server-to-client')],
    ['cut', (proxy: TcpProxy) => proxy.cut()],
  ] as const) {
    await t.test(`the primary is ${name}`, async (t) => {
      const load = await startSteadyLoad(store, DEADLINE_MS)
      await replicaLoaded(house)
      await damage(wires.primary)
      await more('writes are refused', () => load.writes.failed)
      await more('reads go on', () => load.reads.ok)
      await wires.primary.restore()
      const restoredAt = performance.now()
      await more('writes succeed again', () => load.writes.ok)
      t.strictSame([...load.writes.errors], ['UNAVAILABLE store_unavailable'])
      t.comment(
        `writes again ${Math.round(load.writes.lastFailureAt - restoredAt)} ms after the wire`,
      )
      await endLoad(t, store, load)
    })

    await t.test(`the replica is ${name}`, async (t) => {
      const load = await startSteadyLoad(store, DEADLINE_MS)
      await replicaLoaded(house)
      const isLeftOut = house.left(replicaAddress)
      await damage(wires.replica)
      await isLeftOut
      await more('writes go on', () => load.writes.ok)
      await more('reads go on', () => load.reads.ok)
      await wires.replica.restore()
      const restoredAt = performance.now()
      await replicaLoaded(house)
      t.comment(
        `the replica serves ${Math.round(performance.now() - restoredAt)} ms after the wire`,
      )
      t.strictSame([...load.reads.errors], [], 'no read notices')
      await endLoad(t, store, load)
    })
  }
})
