import t, { type Test } from 'tap'
import type { MysqlConnection } from '../../../src/repository/mysql/mysql-connection.js'
import { mysqlLost } from '../../../src/repository/mysql/mysql-error.js'
import { MysqlPool, type MysqlPoolOptions } from '../../../src/repository/mysql/mysql-pool.js'
import { waitFor } from '../../helpers/wait-for.js'

const LONG_MS = 60_000

interface FakeConnection extends MysqlConnection {
  readonly id: number
  break(): void
}

function createFakeConnection(id: number, openedAt = performance.now()): FakeConnection {
  let isBroken = false
  let listener: (() => void) | undefined
  const fail = (): void => {
    isBroken = true
    listener?.()
  }
  return {
    id,
    openedAt,
    get isBroken() {
      return isBroken
    },
    query: async () => [],
    onBroken: (heard) => {
      listener = heard
    },
    destroy: fail,
    break: fail,
  }
}

function openPool(t: Test, overrides: Partial<MysqlPoolOptions> = {}) {
  const opened: FakeConnection[] = []
  const pool = new MysqlPool({
    open: async () => {
      const connection = createFakeConnection(opened.length)
      opened.push(connection)
      return connection
    },
    connectionsMax: 2,
    waitersMax: 3,
    acquireTimeoutMs: LONG_MS,
    lifetimeMs: LONG_MS,
    idleTimeoutMs: LONG_MS,
    ...overrides,
  })
  t.teardown(() => pool.close(0))
  return { pool, opened }
}

await t.test(
  'pool opens as many as are needed, keeps them, and never more than allowed',
  async (t) => {
    const { pool, opened } = openPool(t)
    const [first, second] = await Promise.all([pool.acquire(), pool.acquire()])
    t.equal(opened.length, 2)
    const third = pool.acquire()
    pool.release(first)
    t.equal(await third, first, 'who waits gets the first that is free')
    pool.release(second)
    pool.release(first)
    pool.release(first)
    t.equal(pool.size, 2, 'a release counts once')
    await pool.acquire()
    t.equal(opened.length, 2)
  },
)

await t.test('pool serves in order of arrival and refuses a line that is too long', async (t) => {
  const { pool } = openPool(t, { connectionsMax: 1, waitersMax: 2 })
  const connection = await pool.acquire()
  const order: string[] = []
  const wait = async (name: string): Promise<void> => {
    pool.release(await pool.acquire().finally(() => order.push(name)))
  }
  const waiting = [wait('a'), wait('b')]
  await t.rejects(pool.acquire(), { code: 'UNAVAILABLE', reason: 'store_busy' })
  pool.release(connection)
  await Promise.all(waiting)
  t.strictSame(order, ['a', 'b'])
})

await t.test('pool lets nobody wait for longer than asked', async (t) => {
  const busy = openPool(t, { connectionsMax: 1 })
  const connection = await busy.pool.acquire()
  await t.rejects(busy.pool.acquire(1), { code: 'UNAVAILABLE', reason: 'store_busy' })
  const patient = busy.pool.acquire()
  busy.pool.release(connection)
  t.equal(await patient, connection, 'who left the line is not served')

  const stalled = openPool(t, { open: () => new Promise(() => undefined) })
  await t.rejects(stalled.pool.acquire(1), { code: 'UNAVAILABLE', reason: 'store_unavailable' })
})

await t.test('pool passes on why none can be opened, to each who waits', async (t) => {
  let failures = 0
  const { pool } = openPool(t, {
    connectionsMax: 1,
    open: async () => {
      failures += 1
      throw mysqlLost()
    },
  })
  const lost = { code: 'UNAVAILABLE', reason: 'store_unavailable' }
  await Promise.all([t.rejects(pool.acquire(), lost), t.rejects(pool.acquire(), lost)])
  t.equal(failures, 2)
  t.equal(pool.size, 0)
})

await t.test('pool opens another one in the place of one that broke in use', async (t) => {
  const { pool, opened } = openPool(t, { connectionsMax: 1 })
  await pool.acquire()
  const waiting = pool.acquire()
  opened[0]?.break()
  pool.release(opened[0] ?? createFakeConnection(-1))
  t.match(await waiting, { id: 1 })
})

await t.test('pool forgets one that breaks while nobody uses it', async (t) => {
  const { pool, opened } = openPool(t)
  pool.release(await pool.acquire())
  opened[0]?.break()
  t.equal(pool.size, 0)
  t.match(await pool.acquire(), { id: 1 })
})

await t.test('pool replaces what is old, and closes what is unused', async (t) => {
  const old = openPool(t, { lifetimeMs: -1 })
  const connection = await old.pool.acquire()
  old.pool.release(connection)
  t.ok(connection.isBroken)
  t.equal(old.pool.size, 0)

  const idle = openPool(t, { idleTimeoutMs: -1 })
  idle.pool.release(await idle.pool.acquire())
  t.equal(idle.pool.size, 1)
  idle.pool.trim()
  t.equal(idle.pool.size, 0)
  t.ok(idle.opened[0]?.isBroken)

  const young = openPool(t)
  young.pool.release(await young.pool.acquire())
  young.pool.trim()
  t.equal(young.pool.size, 1)
})

await t.test('pool closes in order: who waits is refused, who works may finish', async (t) => {
  const { pool, opened } = openPool(t, { connectionsMax: 2 })
  const [working, idle] = await Promise.all([pool.acquire(), pool.acquire()])
  pool.release(idle)
  const second = await pool.acquire()
  pool.release(second)
  const closing = pool.close(LONG_MS)
  t.equal(pool.close(LONG_MS), closing)
  await t.rejects(pool.acquire(), { code: 'UNAVAILABLE', reason: 'store_closed' })
  t.ok(second.isBroken)
  t.notOk(working.isBroken)
  pool.release(working)
  await closing
  t.ok(opened.every(({ isBroken }) => isBroken))
})

await t.test('pool cuts what does not finish, and what is opened too late', async (t) => {
  let open: ((connection: FakeConnection) => void) | undefined
  const { pool } = openPool(t, { open: () => new Promise((resolve) => (open = resolve)) })
  const waiting = pool.acquire()
  await waitFor('one is being opened', () => open)
  await Promise.all([
    t.rejects(waiting, { code: 'UNAVAILABLE', reason: 'store_closed' }),
    pool.close(0),
  ])
  const late = createFakeConnection(0)
  open?.(late)
  await waitFor('it is closed at once', () => late.isBroken)

  const stuck = openPool(t)
  const used = await stuck.pool.acquire()
  await stuck.pool.close(1)
  t.ok(used.isBroken)
})
