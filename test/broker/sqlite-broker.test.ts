import { renameSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { BrokerStore } from '../../src/broker/broker-store.js'
import { insertMessage, insertReply, upsertProcess } from '../../src/broker/message-table.js'
import { createSqliteBroker } from '../../src/broker/sqlite-broker.js'
import { createSqliteLine, type SqliteLineDeps } from '../../src/broker/sqlite-line.js'
import type { Broker, SurveyHandlers } from '../../src/domain/broker.js'
import type { SqliteStore } from '../../src/repository/sqlite-store.js'
import { checkBroker } from '../contract/broker-contract.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { stubSurveyHandlers } from '../helpers/stub-survey-handlers.js'
import { waitFor } from '../helpers/wait-for.js'
import { openTestStore } from '../repository/open-test-store.js'
import { runFixture } from '../repository/run-fixture.js'

const HOUR_MS = 3_600_000
const SYSTEM_CLOCK = { now: () => Date.now() }
const PUSH = { userId: 'ann', event: 'news', message: 'hello' }
const MESSAGE = { sender: 'stranger', surveyId: 's', kind: 'push', body: JSON.stringify(PUSH) }

function handlers(pushes: string[] = []): SurveyHandlers {
  return stubSurveyHandlers({
    push: ({ message }) => {
      pushes.push(message)
      return { delivered: 1 }
    },
  })
}

function create(
  t: Test,
  store: BrokerStore,
  overrides: Partial<SqliteLineDeps> = {},
): { broker: Broker; logger: ReturnType<typeof createMemoryLogger> } {
  const logger = createMemoryLogger()
  const parts = { store, clock: SYSTEM_CLOCK, logger, ...overrides }
  const line = createSqliteLine({
    processKind: 'test',
    pollIntervalMs: 2,
    heartbeatMs: 20,
    leaseMs: HOUR_MS,
    retentionMs: HOUR_MS,
    ...parts,
  })
  const broker = createSqliteBroker({ ...parts, line })
  t.teardown(() => broker.close())
  return { broker, logger }
}

function count(store: SqliteStore, table: string): number {
  return store.read((db) => Number(db.prepare(`SELECT count(*) AS n FROM ${table}`).get()?.['n']))
}

/** Sends and removes messages in one step, as one who sleeps past their retention finds it. */
function loseMessages(store: SqliteStore): Promise<void> {
  return store.write((db) => {
    insertMessage(db, MESSAGE, 0)
    db.prepare('DELETE FROM broker_messages').run()
  })
}

await t.test('sqlite broker keeps the contract', async (t) => {
  await checkBroker(t, async (t) => {
    const file = join(t.testdir(), 'app.db')
    const store = await openTestStore(t, file)
    const entry = { id: 'silent', kind: 'test', pid: 0, startedAt: 0 }
    // Each broker on a store of its own, as in processes of their own.
    const stores = await Promise.all([1, 2, 3].map(() => openTestStore(t, file)))
    return {
      createBroker: (options) => create(t, stores.pop() ?? store, options).broker,
      addSilentProcess: async () => {
        await store.write((db) => upsertProcess(db, entry, Date.now() + HOUR_MS))
        return entry.id
      },
      loseMessages: () => loseMessages(store),
    }
  })
})

await t.test('sqlite broker lets two brokers share one store', async (t) => {
  const store = await openTestStore(t)
  const [one, two] = [create(t, store).broker, create(t, store).broker]
  await one.start(handlers(), () => undefined)
  await two.start(handlers(), () => undefined)
  t.match(await one.survey('push', PUSH, 10_000), { asked: 2, answers: { length: 2 } })
  t.match(await two.survey('push', PUSH, 10_000), { asked: 2, answers: { length: 2 } })
})

await t.test('sqlite broker writes nothing when it asks only itself', async (t) => {
  const store = await openTestStore(t)
  const { broker } = create(t, store, { heartbeatMs: HOUR_MS })
  await broker.start(handlers(), () => undefined)
  const watch = store.openWatch()
  const before = watch.dataVersion()
  await broker.survey('push', PUSH, 10_000)
  t.equal(watch.dataVersion(), before)
})

await t.test('sqlite broker enters the table of processes and leaves it', async (t) => {
  const store = await openTestStore(t)
  const { broker } = create(t, store, { processKind: 'socket' })
  await broker.start(handlers(), () => undefined)
  t.match(
    store.read((db) => db.prepare('SELECT * FROM broker_processes').all()),
    [{ id: broker.processId, kind: 'socket', pid: process.pid }],
  )
  await broker.close()
  t.equal(count(store, 'broker_processes'), 0)
})

await t.test('sqlite broker skips what it does not understand and says so', async (t) => {
  const store = await openTestStore(t)
  const { broker, logger } = create(t, store)
  const pushes: string[] = []
  await broker.start(handlers(pushes), () => undefined)
  await store.write((db) => {
    insertMessage(db, { ...MESSAGE, kind: 'teleport' }, Date.now())
    insertMessage(db, { ...MESSAGE, body: '{"userId":' }, Date.now())
    insertMessage(db, MESSAGE, Date.now())
  })
  await waitFor('three replies', () => count(store, 'broker_replies') === 3)
  t.strictSame(pushes, ['hello'], 'the one after them was read')
  t.strictSame(
    store.read((db) =>
      db
        .prepare('SELECT recipient, body FROM broker_replies ORDER BY id')
        .all()
        .map((row) => ({ ...row })),
    ),
    ['null', 'null', '{"delivered":1}'].map((body) => ({ recipient: 'stranger', body })),
  )
  t.match(logger.lines, [
    { level: 'error', fields: { kind: 'teleport' }, message: 'message skipped' },
    { level: 'error', fields: { kind: 'push' }, message: 'message skipped' },
  ])
  t.notMatch(JSON.stringify(logger.lines), /hello/, 'no content in the log')
})

await t.test('sqlite broker believes no answer of another shape', async (t) => {
  const store = await openTestStore(t)
  const { broker, logger } = create(t, store)
  const recipient = broker.processId
  await broker.start(handlers(), () => undefined)
  await store.write((db) =>
    upsertProcess(db, { id: 'odd', kind: 'x', pid: 0, startedAt: 0 }, Date.now() + HOUR_MS),
  )
  const asking = broker.survey('push', PUSH, 20_000)
  const question = await waitFor('the question', () =>
    store.read((db) => db.prepare('SELECT survey_id FROM broker_messages').get()),
  )
  const surveyId = String(question['survey_id'])
  await store.write((db) => {
    insertReply(db, { recipient, surveyId: 'unknown', body: '{"delivered":9}' }, 'odd', 0)
    insertReply(db, { recipient, surveyId, body: '{"delivered":9}' }, 'stranger', 0)
    insertReply(db, { recipient, surveyId, body: '{"delivered":"many"}' }, 'odd', 0)
  })
  t.strictSame(await asking, { asked: 2, answers: [{ delivered: 1 }], missing: ['odd'] })
  t.match(logger.lines, [{ level: 'warn', fields: { kind: 'push', processId: 'odd' } }])
})

await t.test('sqlite broker that slept past its lease checks and is asked again', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const clock = createFakeClock()
  const sleeperClock = createFakeClock()
  const asker = create(t, await openTestStore(t, file), { clock, leaseMs: 1000 })
  const sleeper = create(t, await openTestStore(t, file), { clock: sleeperClock, leaseMs: 1000 })
  await asker.broker.start(handlers(), () => undefined)
  let gaps = 0
  await sleeper.broker.start(handlers(), () => {
    gaps += 1
  })
  // The sleeper's clock stands still, so it does not know yet that its lease has lapsed.
  clock.advance(1000)
  t.match(await asker.broker.survey('push', PUSH, 10_000), { asked: 1 })
  t.equal(gaps, 0)
  sleeperClock.advance(1000)
  await waitFor('the gap', () => gaps > 0)
  t.match(sleeper.logger.lines, [
    { level: 'warn', fields: { why: 'the lease of this process had lapsed' } },
  ])
  t.match(await asker.broker.survey('push', PUSH, 10_000), { asked: 2, missing: { length: 0 } })
})

await t.test('sqlite broker prunes old messages, replies and leases', async (t) => {
  const store = await openTestStore(t)
  const clock = createFakeClock()
  await store.write((db) => {
    insertMessage(db, MESSAGE, clock.now())
    insertReply(db, { recipient: 'x', surveyId: 's', body: 'null' }, 'y', clock.now())
    upsertProcess(db, { id: 'dead', kind: 'x', pid: 0, startedAt: 0 }, clock.now())
  })
  const { broker } = create(t, store, { clock, retentionMs: 1000 })
  await broker.start(handlers(), () => undefined)
  clock.advance(1001)
  await waitFor('the pruning', () => count(store, 'broker_messages') === 0)
  t.equal(count(store, 'broker_replies'), 0)
  t.equal(count(store, 'broker_processes'), 1, 'its own')
})

await t.test('sqlite broker survives a check after a gap that fails', async (t) => {
  const store = await openTestStore(t)
  const { broker, logger } = create(t, store)
  const pushes: string[] = []
  await broker.start(handlers(pushes), () => {
    throw new Error('a bug')
  })
  await loseMessages(store)
  await store.write((db) => insertMessage(db, MESSAGE, Date.now()))
  await waitFor('the message', () => pushes.length === 1)
  t.match(
    logger.lines.map(({ message }) => message),
    ['messages between processes may have been lost', 'the check after a gap failed'],
  )
})

await t.test('sqlite broker goes on after it could not read or write', async (t) => {
  const store = await openTestStore(t)
  let broken = false
  const broke = (): void => {
    if (broken) throw new Error('disk on fire')
  }
  const flaky: BrokerStore = {
    write: async (work) => {
      broke()
      return store.write(work)
    },
    read: (work) => {
      broke()
      return store.read(work)
    },
    reopenIfReplaced: () => store.reopenIfReplaced(),
    openWatch: () => {
      const watch = store.openWatch()
      return {
        ...watch,
        dataVersion: () => {
          broke()
          return watch.dataVersion()
        },
      }
    },
  }
  const { broker, logger } = create(t, flaky)
  const pushes: string[] = []
  let gaps = 0
  await broker.start(handlers(pushes), () => {
    gaps += 1
  })
  broken = true
  await waitFor('the gap when it breaks', () => gaps === 1)
  await waitFor('a heartbeat that failed', () =>
    logger.lines.some(({ message }) => message === 'the broker could not renew its lease'),
  )
  t.equal(gaps, 1, 'told once')
  await t.rejects(broker.survey('push', PUSH, 10_000), { message: 'disk on fire' })
  t.strictSame(pushes, ['hello'], 'its own handler has run')
  broken = false
  await waitFor('the gap when it reads again', () => gaps === 2)
  await store.write((db) => insertMessage(db, MESSAGE, Date.now()))
  await waitFor('the message', () => pushes.length === 2)
  broken = true
  await broker.close()
  t.match(logger.lines.at(-1), { message: 'the broker could not leave in order' })
})

await t.test('sqlite broker logs replies that it could not send', async (t) => {
  const store = await openTestStore(t)
  let broken = false
  const flaky: BrokerStore = {
    read: (work) => store.read(work),
    write: (work) => (broken ? Promise.reject(new Error('disk full')) : store.write(work)),
    openWatch: () => store.openWatch(),
    reopenIfReplaced: () => store.reopenIfReplaced(),
  }
  const { broker, logger } = create(t, flaky, { heartbeatMs: HOUR_MS })
  await broker.start(handlers(), () => undefined)
  broken = true
  await store.write((db) => insertMessage(db, MESSAGE, Date.now()))
  await waitFor('the log line', () => logger.lines.length > 0)
  t.match(logger.lines, [{ level: 'warn', fields: { replies: 1 }, message: 'replies not sent' }])
})

await t.test('sqlite broker can be started again when the start failed', async (t) => {
  const store = await openTestStore(t)
  let broken = true
  const flaky: BrokerStore = {
    read: (work) => store.read(work),
    write: (work) => (broken ? Promise.reject(new Error('disk full')) : store.write(work)),
    openWatch: () => store.openWatch(),
    reopenIfReplaced: () => store.reopenIfReplaced(),
  }
  const { broker } = create(t, flaky)
  await t.rejects(
    broker.start(handlers(), () => undefined),
    { message: 'disk full' },
  )
  broken = false
  await broker.start(handlers(), () => undefined)
  t.match(await broker.survey('push', PUSH, 10_000), { asked: 1 })
})

await t.test('sqlite broker does not begin when it is closed while it starts', async (t) => {
  const store = await openTestStore(t)
  const { broker } = create(t, store)
  const starting = broker.start(handlers(), () => undefined)
  await broker.close()
  await starting
  t.equal(count(store, 'broker_processes'), 0)
})

await t.test('sqlite broker follows a database file that was replaced', async (t) => {
  const dir = t.testdir()
  const file = join(dir, 'app.db')
  const backup = await openTestStore(t, join(dir, 'backup.db'))
  await backup.close()
  const store = await openTestStore(t, file)
  const { broker, logger } = create(t, store)
  const pushes: string[] = []
  let gaps = 0
  await broker.start(handlers(pushes), () => {
    gaps += 1
  })
  for (const end of ['-wal', '-shm', '']) renameSync(`${file}${end}`, join(dir, `old.db${end}`))
  renameSync(join(dir, 'backup.db'), file)
  const why = 'the database file was replaced'
  await waitFor('the new file', () => logger.lines.some(({ fields }) => fields['why'] === why))
  t.ok(gaps > 0)
  await store.write((db) => insertMessage(db, MESSAGE, Date.now()))
  await waitFor('a message through the new file', () => pushes.length === 1)
  t.equal(count(store, 'broker_processes'), 1)
})

await t.test('sqlite broker reads a long backlog to its end', async (t) => {
  const store = await openTestStore(t)
  const { broker } = create(t, store)
  const pushes: string[] = []
  await broker.start(handlers(pushes), () => undefined)
  await store.write((db) => {
    for (let n = 0; n < 1700; n += 1) insertMessage(db, MESSAGE, Date.now())
  })
  await waitFor('all messages', () => pushes.length === 1700)
  await waitFor('all replies', () => count(store, 'broker_replies') === 1700)
})

await t.test('sqlite broker reaches other processes, and names a stopped one', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const { broker } = create(t, await openTestStore(t, file))
  await broker.start(handlers(), () => undefined)
  const others = [1, 2].map(() => runFixture(t, 'broker-process.js', [file]))
  const ids: string[] = []
  for (const { lines } of others) {
    const ready = await waitFor('a ready process', () => lines[0], 30_000)
    ids.push(ready.replace('ready ', ''))
  }
  t.match(await broker.survey('push', PUSH, 20_000), { asked: 3, answers: { length: 3 } })

  const [stopped, living] = others
  stopped?.signal('SIGSTOP')
  const sessions = [{ id: 'session-1', userId: 'ann', reason: 'logged_out' }] as const
  const result = await broker.survey('sessions_ended', { sessions }, 300)
  t.strictSame(result.missing, [ids[0]])
  t.equal(result.answers.length, 2)
  t.strictSame(living?.lines.slice(1), ['push hello', 'ended session-1'])

  // Asleep past its lease it is asked no more; awake it reads what it missed, and checks.
  await waitFor('the lapse', async () => (await broker.survey('push', PUSH, 50)).asked === 2)
  stopped?.signal('SIGCONT')
  await waitFor('the end message', () => stopped?.lines.includes('ended session-1'))
  await waitFor('the gap', () => stopped?.lines.includes('gap'))
  await waitFor('its return', async () => (await broker.survey('push', PUSH, 5000)).asked === 3)

  for (const { signal } of others) signal('SIGTERM')
  for (const { ended } of others) t.match(await ended, { code: 0, stderr: '' })
  t.match(await broker.survey('push', PUSH, 20_000), { asked: 1, missing: { length: 0 } })
})

await t.test('sqlite broker outlives a process that was killed', async (t) => {
  const file = join(t.testdir(), 'app.db')
  const { broker } = create(t, await openTestStore(t, file))
  await broker.start(handlers(), () => undefined)
  const other = runFixture(t, 'broker-process.js', [file])
  await waitFor('a ready process', () => other.lines.length > 0, 30_000)
  other.signal('SIGKILL')
  await other.ended
  t.match(await broker.survey('push', PUSH, 100), { asked: 2, missing: { length: 1 } })
  await waitFor('the lapse', async () => (await broker.survey('push', PUSH, 50)).asked === 1)
})
