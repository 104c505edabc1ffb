import { renameSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { BrokerStore } from '../../src/broker/broker-store.js'
import {
  checkPresenceStore,
  infoOf,
  type PresenceSetup,
} from '../contract/presence-store-contract.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { waitFor } from '../helpers/wait-for.js'
import { openTestStore } from '../repository/open-test-store.js'
import { runFixture } from '../repository/run-fixture.js'
import { createSqliteProcess, type SqliteProcess } from './sqlite-process.js'

type Overrides = Parameters<typeof createSqliteProcess>[1]

function open(t: Test, store: BrokerStore, overrides: Overrides = {}): SqliteProcess {
  const process = createSqliteProcess(store, overrides)
  t.teardown(() => process.close())
  return process
}

async function setUp(t: Test): Promise<PresenceSetup> {
  const file = join(t.testdir(), 'app.db')
  const store = await openTestStore(t, file)
  return {
    async createStore({ onSwept = () => undefined, onLost } = {}) {
      const lease = { heartbeatMs: 50, leaseMs: 1_000 }
      const { presence } = open(t, await openTestStore(t, file), lease)
      await presence.start(onSwept, onLost)
      return presence
    },
    async createHanging() {
      const lease = { heartbeatMs: 3_600_000, leaseMs: 500 }
      const { presence } = open(t, await openTestStore(t, file), lease)
      await presence.start(() => undefined)
      return presence
    },
    async runAndKill(channels, count) {
      const child = runFixture(t, 'presence-process.js', ['sqlite', file, `${count}`, ...channels])
      await waitFor('all entries', () => child.lines.includes('ready'), 30_000)
      child.signal('SIGKILL')
      await child.ended
    },
    async loseEntries() {
      // As it is for a process that slept: the others take it for dead.
      await store.write((db) => {
        db.prepare('DELETE FROM presence_entries').run()
        db.prepare('DELETE FROM presence_processes').run()
        db.prepare('DELETE FROM broker_processes').run()
      })
    },
  }
}

await t.test('sqlite presence keeps the contract', (t) => checkPresenceStore(t, setUp))

await t.test('sqlite presence must be started before it enters anybody', async (t) => {
  const { presence } = open(t, await openTestStore(t))
  const notStarted = { code: 'INTERNAL', reason: 'presence_not_started' }
  await t.rejects(presence.add('room', infoOf('1', 'ann')), notStarted)
  await t.rejects(presence.addWithin('room', infoOf('1', 'ann'), 1), notStarted)
  t.strictSame(await presence.list('room', 10), [], 'others may be asked for')
})

await t.test('sqlite presence writes nothing to renew what is there', async (t) => {
  const store = await openTestStore(t)
  const { presence } = open(t, store, { heartbeatMs: 3_600_000 })
  await presence.start(() => undefined)
  await presence.add('room', infoOf('1', 'ann'))
  const watch = store.openWatch()
  const before = watch.dataVersion()
  t.equal(await presence.add('room', infoOf('1', 'ann')), false)
  t.equal(watch.dataVersion(), before)
})

await t.test('sqlite presence writes nothing to refuse', async (t) => {
  const store = await openTestStore(t)
  const { presence } = open(t, store, { heartbeatMs: 3_600_000 })
  await presence.start(() => undefined)
  t.equal(await presence.addWithin('room', infoOf('1', 'ann'), 1), true)
  const watch = store.openWatch()
  const before = watch.dataVersion()
  t.equal(await presence.addWithin('room', infoOf('2', 'ann'), 1), false)
  t.equal(watch.dataVersion(), before)
})

await t.test('sqlite presence of one who slept is not swept by one who slept too', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const clock = createFakeClock()
  const swept: string[] = []
  const lost: string[] = []
  const processes = await Promise.all(
    ['a', 'b'].map(async (name) => {
      const store = await openTestStore(t, file)
      const process = open(t, store, { clock, heartbeatMs: 5, leaseMs: 10_000 })
      await process.presence.start(
        (_channel, { connectionId }) => swept.push(connectionId),
        () => lost.push(name),
      )
      await process.presence.add('room', infoOf(name, 'ann'))
      return process
    }),
  )
  clock.advance(10_000)
  await waitFor('both awake', () => new Set(lost).size === 2)
  clock.advance(9_000)
  t.match(await processes[0]?.presence.stats('room'), { connections: 2 })
  t.strictSame(swept, [])
})

await t.test('sqlite presence follows a database file that was replaced', async (t) => {
  const dir = t.testdir()
  const file = join(dir, 'app.db')
  await (await openTestStore(t, join(dir, 'backup.db'))).close()
  const { presence } = open(t, await openTestStore(t, file))
  let lost = 0
  await presence.start(
    () => undefined,
    () => {
      lost += 1
    },
  )
  await presence.add('room', infoOf('1', 'ann'))
  for (const end of ['-wal', '-shm', '']) renameSync(`${file}${end}`, join(dir, `old.db${end}`))
  renameSync(join(dir, 'backup.db'), file)
  await waitFor('the news', () => lost === 1)
  t.equal(await presence.add('room', infoOf('1', 'ann')), true)
})

await t.test('sqlite presence outlives a sweep and a close that fail, and says so', async (t) => {
  const store = await openTestStore(t)
  let isBroken = false
  const flaky: BrokerStore = {
    read: (work) => store.read(work),
    write: (work) => (isBroken ? Promise.reject(new Error('disk full')) : store.write(work)),
    openWatch: () => store.openWatch(),
    reopenIfReplaced: () => store.reopenIfReplaced(),
  }
  const process = open(t, flaky, { leaseMs: 100, heartbeatMs: 10 })
  const swept: string[] = []
  await process.presence.start((channel) => {
    swept.push(channel)
    throw new Error('a bug')
  })
  await store.write((db) => {
    db.prepare("INSERT INTO presence_processes (id) VALUES ('gone')").run()
    const insert = db.prepare("INSERT INTO presence_entries VALUES ('room', ?, 'u', 'gone', ?)")
    for (const id of ['1', '2']) insert.run(id, JSON.stringify(infoOf(id, 'u')))
  })
  await waitFor('the sweep', () => swept.length === 2)
  const errors = process.logger.lines.filter(({ level }) => level === 'error')
  t.match(errors, [{ message: 'a presence listener failed' }, {}])
  await process.presence.add('room', infoOf('3', 'u'))
  isBroken = true
  await process.presence.close()
  const messages = process.logger.lines.map(({ message }) => message)
  t.ok(messages.includes('presence is left to be swept by the others'))
  isBroken = false
})
