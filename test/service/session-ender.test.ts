import t from 'tap'
import { createAuditTrail } from '../../src/service/audit-trail.js'
import { createSessionEnder } from '../../src/service/session-ender.js'
import { createSessionHouse } from '../helpers/session-house.js'

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
