import t, { type Test } from 'tap'
import type { EndedSession } from '../../src/domain/session.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createSessionMonitor } from '../../src/service/session-monitor.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { createMemoryRevocationLog } from '../helpers/memory-revocation-log.js'
import { createMemorySessionStore } from '../helpers/memory-session-store.js'
import { waitFor } from '../helpers/wait-for.js'

const NEVER_MS = 1_000_000
const RETENTION_MS = 3_600_000

async function createHouse(
  t: Test,
  { sweepIntervalMs = NEVER_MS, cleanIntervalMs = NEVER_MS, repairIntervalMs = NEVER_MS } = {},
) {
  const sessionStore = createMemorySessionStore()
  const handles = createSessionHandles()
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  const revocationLog = createMemoryRevocationLog()
  const repairs: number[] = []
  const monitor = createSessionMonitor({
    sessionStore,
    revocationLog,
    revocationRetentionMs: RETENTION_MS,
    handles,
    clock,
    logger,
    sweepIntervalMs,
    cleanIntervalMs,
    repair: { run: async () => void repairs.push(clock.now()) },
    repairIntervalMs,
  })
  t.teardown(() => monitor.close())
  const ended: EndedSession[] = []
  async function open(id: string): Promise<void> {
    const now = clock.now()
    const session = {
      id,
      userId: 'user-1',
      clientId: 'laptop',
      method: 'password',
      userAgent: '',
      address: '',
      createdAt: now,
      lastSeenAt: now,
      idleExpiresAt: now + 60_000,
      expiresAt: now + 60_000,
      refreshHash: 'hash',
      keyId: 'key',
    } as const
    await sessionStore.create(session, { mode: 'unlimited' })
    handles.attach(id, { end: (session) => ended.push(session) })
  }
  return { sessionStore, handles, clock, logger, monitor, ended, open, revocationLog, repairs }
}

await t.test('sweepNow ends what the store says is over, and nothing else', async (t) => {
  const { monitor, open, sessionStore, handles, clock, ended } = await createHouse(t)
  await open('session-1')
  await open('session-2')
  await monitor.sweepNow()
  t.strictSame(ended, [])
  const selector = { by: 'session', sessionId: 'session-1' } as const
  await sessionStore.end(selector, 'ended_by_admin', clock.now())
  await monitor.sweepNow()
  t.strictSame(ended, [{ id: 'session-1', userId: 'user-1', reason: 'ended_by_admin' }])
  t.strictSame(handles.sessionIds(), ['session-2'])
  clock.advance(60_000)
  await monitor.sweepNow()
  t.equal(ended.at(-1)?.reason, 'expired')
})

await t.test(
  'whoever ended a session is told of what a sweep closed before the message came',
  async (t) => {
    const { monitor, open, sessionStore, handles, clock, ended } = await createHouse(t)
    await open('session-1')
    const selector = { by: 'session', sessionId: 'session-1' } as const
    await sessionStore.end(selector, 'ended_by_admin', clock.now())
    await monitor.sweepNow()
    t.equal(ended.length, 1)
    t.equal(handles.end(ended), 1)
    t.equal(ended.length, 1, 'closed once')
  },
)

await t.test('sweepNow asks about many sessions in parts', async (t) => {
  const { monitor, open, sessionStore, ended, clock } = await createHouse(t)
  for (let index = 0; index < 1201; index += 1) await open(`session-${index}`)
  await sessionStore.end({ by: 'user', userId: 'user-1' }, 'user_frozen', clock.now())
  await monitor.sweepNow()
  t.equal(ended.length, 1201)
  t.equal(sessionStore.calls.findOver, 3)
})

await t.test('sweepNow asks nobody when nothing is open', async (t) => {
  const { monitor, sessionStore } = await createHouse(t)
  await monitor.sweepNow()
  t.equal(sessionStore.calls.findOver, 0)
})

await t.test(
  'sweepNow follows a sweep that runs with one more, shared by all callers',
  async (t) => {
    const { monitor, open, sessionStore } = await createHouse(t)
    await open('session-1')
    const release: (() => void)[] = []
    let atOnce = 0
    let atOnceMax = 0
    sessionStore.findOver = async () => {
      atOnce += 1
      atOnceMax = Math.max(atOnceMax, atOnce)
      await new Promise<void>((resolve) => release.push(resolve))
      atOnce -= 1
      return []
    }
    const first = monitor.sweepNow()
    const more = [monitor.sweepNow(), monitor.sweepNow(), monitor.sweepNow()]
    t.equal(release.length, 1)
    release[0]?.()
    await first
    await waitFor('the second sweep', () => release.length === 2)
    release[1]?.()
    await Promise.all(more)
    t.equal(release.length, 2)
    t.equal(atOnceMax, 1)
  },
)

await t.test('monitor sweeps and cleans by itself, and survives failures', async (t) => {
  const { monitor, open, sessionStore, clock, ended, logger } = await createHouse(t, {
    sweepIntervalMs: 5,
    cleanIntervalMs: 5,
  })
  await open('session-1')
  sessionStore.setDown(true)
  monitor.start()
  await waitFor('both failures', () => new Set(logger.lines.map((line) => line.message)).size === 2)
  t.ok(logger.lines.every((line) => line.level === 'error'))
  t.strictSame([...new Set(logger.lines.map((line) => line.message))].sort(), [
    'cannot look for sessions that are over',
    'cannot remove expired sessions',
  ])
  t.strictSame(ended, [])
  sessionStore.setDown(false)
  clock.advance(60_000)
  await waitFor('the end', () => ended.length === 1)
  await waitFor('the cleaning', async () => {
    const check = await sessionStore.check('session-1', clock.now())
    return !check.alive && check.reason === null
  })
})

await t.test('monitor finishes what others left unfinished', async (t) => {
  const { monitor, repairs } = await createHouse(t, { repairIntervalMs: 5 })
  t.strictSame(repairs, [], 'nothing before the start')
  monitor.start()
  await waitFor('two repairs', () => repairs.length > 1)
})

await t.test('monitor removes what the log of ended sessions no longer needs', async (t) => {
  const { monitor, clock, revocationLog } = await createHouse(t, { cleanIntervalMs: 5 })
  await revocationLog.append([{ id: 'old', userId: 'u', reason: 'logged_out' }], clock.now())
  clock.advance(RETENTION_MS)
  await revocationLog.append([{ id: 'new', userId: 'u', reason: 'logged_out' }], clock.now())
  monitor.start()
  clock.advance(1)
  await waitFor('the trimming', () => revocationLog.entries.length === 1)
  t.match(revocationLog.entries, [{ id: 'new' }])
})

await t.test('monitor cleans in steps, so many in one go', async (t) => {
  const { monitor, sessionStore } = await createHouse(t, { cleanIntervalMs: 5 })
  const limits: number[] = []
  sessionStore.deleteExpired = async (_now, limit) => {
    limits.push(limit)
    // Full steps in the first go, nothing left in the second.
    return limits.length <= 10 ? limit : 0
  }
  monitor.start()
  await waitFor('the second go', () => limits.length > 10)
  t.ok(limits.every((limit) => limit === 1000))
})

await t.test('close stops the timers and waits for what runs', async (t) => {
  const { monitor, open, sessionStore } = await createHouse(t, { sweepIntervalMs: 5 })
  await open('session-1')
  let isDone = false
  const release: (() => void)[] = []
  sessionStore.findOver = async () => {
    await new Promise<void>((resolve) => release.push(resolve))
    isDone = true
    return []
  }
  monitor.start()
  await waitFor('a sweep', () => release.length === 1)
  const closing = monitor.close()
  t.equal(isDone, false)
  release[0]?.()
  await closing
  t.equal(isDone, true)
  await monitor.close()
  t.equal(release.length, 1)
})

await t.test('isSure is false until a sweep that began after the doubt has ended', async (t) => {
  const { monitor, open, sessionStore } = await createHouse(t)
  await open('session-1')
  t.equal(monitor.isSure(), true)
  const sweep = monitor.sweepNow()
  t.equal(monitor.isSure(), false)
  const [first, second] = [monitor.sweepNow(), monitor.sweepNow()]
  await sweep
  t.equal(monitor.isSure(), false, 'that one began before the last doubt')
  await Promise.all([first, second])
  t.equal(monitor.isSure(), true)

  sessionStore.setDown(true)
  await monitor.sweepNow()
  t.equal(monitor.isSure(), false, 'nobody could be asked')
  sessionStore.setDown(false)
  await monitor.sweepNow()
  t.equal(monitor.isSure(), true)
})

await t.test('the next sweep of the clock makes sure again', async (t) => {
  const { monitor, open, sessionStore } = await createHouse(t, { sweepIntervalMs: 5 })
  await open('session-1')
  sessionStore.setDown(true)
  await monitor.sweepNow()
  monitor.start()
  t.equal(monitor.isSure(), false)
  sessionStore.setDown(false)
  await waitFor('sure', () => monitor.isSure())
})
