import t from 'tap'
import { createAuditTrail } from '../../src/service/audit-trail.js'
import { createSessionEnder } from '../../src/service/session-ender.js'
import { createSessionHouse } from '../helpers/session-house.js'
import { stubSurveyHandlers } from '../helpers/stub-survey-handlers.js'

const ACTOR = { actorId: 'admin-1', address: '192.0.2.9' }

function createEnder() {
  const house = createSessionHouse()
  const auditTrail = createAuditTrail(house.deps)
  return { house, ender: createSessionEnder({ ...house.deps, auditTrail }) }
}

await t.test('ender ends in the store, tells every process and writes it down', async (t) => {
  const { house, ender } = createEnder()
  const { sessionId } = await house.login()
  house.handles.attach(sessionId, { end() {} })
  house.auditLog.events.length = 0
  const selector = { by: 'user', userId: 'user-1' } as const
  t.strictSame(await ender.end(selector, 'ended_by_admin', ACTOR), {
    ended: 1,
    connectionsClosed: 1,
    processes: { asked: 2, answered: 2 },
  })
  t.strictSame(house.broker.asked.at(-1), {
    kind: 'sessions_ended',
    request: { sessions: [{ id: sessionId, userId: 'user-1', reason: 'ended_by_admin' }] },
  })
  t.strictSame(house.auditLog.events, [
    {
      type: 'session.ended',
      at: house.clock.now(),
      ...ACTOR,
      userId: 'user-1',
      sessionId,
      data: { reason: 'ended_by_admin' },
    },
  ])
})

await t.test('ender tells nobody when nothing ended', async (t) => {
  const { house, ender } = createEnder()
  const selector = { by: 'user', userId: 'user-1' } as const
  t.strictSame(await ender.end(selector, 'ended_by_admin', ACTOR), {
    ended: 0,
    connectionsClosed: 0,
    processes: { asked: 0, answered: 0 },
  })
  t.strictSame(house.broker.asked, [])
  t.strictSame(house.auditLog.events, [])
})

await t.test('ender says which processes did not answer', async (t) => {
  const { house, ender } = createEnder()
  await house.login()
  house.broker.joinSilent('process-3')
  const result = await ender.end({ by: 'user', userId: 'user-1' }, 'ended_by_admin', ACTOR)
  t.strictSame(result.processes, { asked: 3, answered: 2 })
  t.match(house.logger.lines, [
    {
      level: 'warn',
      message: 'a process did not confirm the end of a session',
      fields: { missing: ['process-3'] },
    },
  ])
})

await t.test('ender has ended a session even when the broker is away', async (t) => {
  const { house, ender } = createEnder()
  const { accessToken } = await house.login()
  house.broker.setDown(true)
  const result = await ender.end({ by: 'user', userId: 'user-1' }, 'ended_by_admin', ACTOR)
  t.strictSame(result, {
    ended: 1,
    connectionsClosed: 0,
    processes: { asked: 1, answered: 0 },
  })
  await t.rejects(house.authenticate(accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_admin',
  })
  t.match(house.logger.lines, [{ level: 'error', message: 'cannot tell that sessions ended' }])
})

await t.test('ender passes on that the store is away and tells nobody', async (t) => {
  const { house, ender } = createEnder()
  house.sessionStore.setDown(true)
  await t.rejects(ender.end({ by: 'user', userId: 'user-1' }, 'ended_by_admin', ACTOR), {
    code: 'UNAVAILABLE',
  })
  t.strictSame(house.broker.asked, [])
})

await t.test('ender writes every end into the log before anybody is told', async (t) => {
  const { house, ender } = createEnder()
  const { sessionId } = await house.login()
  const order: string[] = []
  const append = house.revocationLog.append.bind(house.revocationLog)
  house.revocationLog.append = async (...entry) => {
    order.push('log')
    await append(...entry)
  }
  house.broker.join(
    stubSurveyHandlers({
      sessions_ended: () => {
        order.push('told')
        return { connectionsClosed: 0 }
      },
    }),
  )
  await createSessionEnder({
    ...house.deps,
    auditTrail: createAuditTrail(house.deps),
  }).end({ by: 'session', sessionId }, 'ended_by_user', ACTOR)
  t.strictSame(order, ['log', 'told'])
  t.match(house.revocationLog.entries, [{ id: sessionId, reason: 'ended_by_user' }])
  t.equal((await ender.end({ by: 'session', sessionId }, 'ended_by_admin', ACTOR)).ended, 0)
  t.equal(house.revocationLog.entries.length, 1)
})

await t.test('ender does not acknowledge an end that is not in the log', async (t) => {
  const { house, ender } = createEnder()
  const { sessionId, accessToken } = await house.login()
  const selector = { by: 'session', sessionId } as const
  house.revocationLog.setDown(true)
  await t.rejects(ender.end(selector, 'ended_by_admin', ACTOR), {
    code: 'UNAVAILABLE',
    reason: 'log_down',
  })
  t.equal(house.broker.asked.length, 1, 'it is over all the same, and everybody is told')
  await t.rejects(house.authenticate(accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_admin',
  })
  house.revocationLog.setDown(false)
  // Another process, which does not know what failed here.
  const auditTrail = createAuditTrail(house.deps)
  await createSessionEnder({ ...house.deps, auditTrail }).end(selector, 'logged_out', ACTOR)
  t.match(house.revocationLog.entries, [{ id: sessionId, reason: 'ended_by_admin' }])
  await ender.end(selector, 'logged_out', ACTOR)
  t.equal(house.revocationLog.entries.length, 1)
})

await t.test('ender announces although the log is away, and writes it down later', async (t) => {
  const { house, ender } = createEnder()
  const ended = { id: 's-1', userId: 'user-1', reason: 'reuse_detected' } as const
  house.revocationLog.setDown(true)
  t.equal((await ender.announce([ended], ACTOR)).ended, 1)
  house.revocationLog.setDown(false)
  t.equal((await ender.announce([], ACTOR)).ended, 0)
  t.match(house.revocationLog.entries, [ended])
})

await t.test('ender keeps out of the log what ran out by the clock or is unknown', async (t) => {
  const { house, ender } = createEnder()
  const { sessionId } = await house.login()
  house.clock.advance(400 * 86_400_000)
  for (const id of [sessionId, 'never-seen']) {
    await ender.end({ by: 'session', sessionId: id }, 'ended_by_admin', ACTOR)
  }
  t.strictSame(house.revocationLog.entries, [])
})
