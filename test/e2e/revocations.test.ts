/** Nobody who follows the ended sessions misses one, whatever is killed meanwhile. */
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { systemClock } from '../../src/app/system-clock.js'
import { createSqliteBroker } from '../../src/broker/sqlite-broker.js'
import type { NewSession, SessionStore } from '../../src/domain/session.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSqliteRevocationLog } from '../../src/repository/sqlite-revocation-log.js'
import { createSqliteSessionStore } from '../../src/repository/sqlite-session-store.js'
import type { SqliteStore } from '../../src/repository/sqlite-store.js'
import { createSessionEnder } from '../../src/service/session-ender.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { API_KEY, startApp } from '../helpers/app-process.js'
import { claimPort } from '../helpers/server/free-port.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'
import { openTestStore } from '../repository/open-test-store.js'
import { createSqliteLine } from '../../src/broker/sqlite-line.js'
import { surveyDeps } from '../helpers/stub-survey-handlers.js'

const CONSUMER = join(PACKAGE_ROOT, 'dist/test/fixtures/revocation-consumer.js')
const USERS = 200
const SESSIONS_PER_USER = 50
const ENDS = USERS * SESSIONS_PER_USER
const KILLS = 4
const WRITERS = 20
const NOBODY = { actorId: null, address: null }

/** What the consumer has seen, in order: the number of each position and the sessions. */
function readSeen(file: string): { numbers: number[]; ids: string[] } {
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : []
  const cells = lines.map((line) => line.split(' '))
  return {
    numbers: cells.map(([position]) => Number(position?.split('.')[1])),
    ids: cells.flatMap(([, ...ids]) => ids),
  }
}

/** A process that ends sessions, on the database of the app; its audit log is of no interest here. */
async function openEnder(t: Test, store: SqliteStore, sessionStore: SessionStore) {
  const logger = createMemoryLogger()
  const line = createSqliteLine({
    ...{ store, clock: systemClock, logger, processKind: 'ender', pollIntervalMs: 20 },
    ...{ heartbeatMs: 200, leaseMs: 1_000, retentionMs: 60_000 },
  })
  const broker = createSqliteBroker({ store, line, clock: systemClock, logger })
  const handles = createSessionHandles()
  await broker.start(createSurveyHandlers(surveyDeps({ handles })), () => undefined)
  t.teardown(() => broker.close())
  return createSessionEnder({
    ...{ sessionStore, broker, logger, clock: systemClock, surveyTimeoutMs: 100 },
    revocationLog: createSqliteRevocationLog({ store }),
    auditTrail: { record: async () => undefined },
  })
}

await t.test('10,000 ends reach a consumer once each and in order, over kill -9', async (t) => {
  const dataDir = t.testdir({})
  const store = await openTestStore(t, join(dataDir, 'app.db'))
  const sessionStore = createSqliteSessionStore({ store })
  const ender = await openEnder(t, store, sessionStore)
  const now = Date.now()
  for (let index = 0; index < ENDS; index += 1) {
    const session: NewSession = {
      ...{ id: `s-${index}`, userId: `u-${index % USERS}`, clientId: 'c' },
      method: 'password',
      ...{ userAgent: '', address: '', createdAt: now, lastSeenAt: now, refreshHash: 'h' },
      keyId: 'k',
      ...{ idleExpiresAt: now + 3_600_000, expiresAt: now + 3_600_000 },
    }
    await sessionStore.create(session, { mode: 'unlimited' })
  }

  const port = String(await claimPort())
  const startGrpc = () => startApp(t, 'grpc', { dataDir, env: { APP_GRPC_PORT: port } })
  const seenFile = join(dataDir, 'seen.txt')
  const startConsumer = (): ChildProcess => {
    const args = [CONSUMER, `127.0.0.1:${port}`, API_KEY, seenFile]
    return spawn(process.execPath, args, { stdio: 'inherit' })
  }
  let grpc = await startGrpc()
  let consumer = startConsumer()
  t.teardown(() => consumer.kill('SIGKILL'))
  await waitFor('the consumer follows', () => readSeen(seenFile).numbers.length > 0)

  // Some session by session, the others all of a user at once.
  const targets = Array.from({ length: USERS }, (_, user) =>
    user % 10 !== 0
      ? [{ by: 'user' as const, userId: `u-${user}` }]
      : Array.from({ length: SESSIONS_PER_USER }, (_, index) => ({
          by: 'session' as const,
          sessionId: `s-${index * USERS + user}`,
        })),
  ).flat()
  let ended = 0
  const endSome = async (): Promise<void> => {
    for (let target = targets.shift(); target; target = targets.shift()) {
      const result = await ender.end(target, 'user_frozen', NOBODY)
      ended += result.ended
    }
  }
  const ending = Promise.all(Array.from({ length: WRITERS }, endSome))
  for (let kill = 1; kill <= KILLS; kill += 1) {
    const share = (ENDS * kill) / (KILLS + 1)
    await waitFor(`${share} ends`, () => ended >= share, 60_000)
    if (kill % 2 === 1) {
      consumer.kill('SIGKILL')
      await once(consumer, 'close')
      consumer = startConsumer()
    } else {
      await grpc.stop('SIGKILL')
      grpc = await startGrpc()
    }
  }
  await ending
  t.equal(ended, ENDS)
  await waitFor('the consumer has everything', () => readSeen(seenFile).ids.length >= ENDS, 30_000)
  const { numbers, ids } = readSeen(seenFile)
  t.equal(ids.length, ENDS, 'nothing comes twice')
  t.equal(new Set(ids).size, ENDS, 'nothing is missed')
  t.ok(
    numbers.every((number, index) => number >= (numbers[index - 1] ?? 0)),
    'positions never go back',
  )
  t.strictSame(ids, logOrder(store), 'the order is that of the log')
})

/** The sessions of the log, in its order. */
function logOrder(store: SqliteStore): string[] {
  return store.read((db) =>
    db
      .prepare('SELECT session_id FROM revocations ORDER BY number')
      .all()
      .map((row) => String(row['session_id'])),
  )
}
