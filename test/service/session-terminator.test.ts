import t from 'tap'
import type { Principal } from '../../src/domain/session.js'
import { createAuditTrail } from '../../src/service/audit-trail.js'
import { createSessionEnder } from '../../src/service/session-ender.js'
import {
  createSessionTerminator,
  SERVICE_END_REASONS,
} from '../../src/service/session-terminator.js'
import { createSessionHouse, LAPTOP, PHONE } from '../helpers/session-house.js'
import { sampleSession } from '../contract/sample-session.js'

function createTerminator() {
  const house = createSessionHouse()
  const auditTrail = createAuditTrail(house.deps)
  const ender = createSessionEnder({ ...house.deps, auditTrail })
  return { house, terminator: createSessionTerminator({ ender }) }
}

const admin: Principal = {
  ...{ userId: 'admin-1', role: 'admin', sessionId: 's', clientId: 'c', tokenExpiresAt: 0 },
  session: sampleSession(),
}
const stranger: Principal = { ...admin, userId: 'user-2', role: 'user' }

await t.test('a service ends one session or all of a user, with its reason', async (t) => {
  const { house, terminator } = createTerminator()
  const [laptop, phone] = [await house.login(LAPTOP), await house.login(PHONE)]
  const one = await terminator.endForService({ sessionId: laptop.sessionId }, '')
  t.equal(one.ended, 1)
  await t.rejects(house.authenticate(laptop.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_admin',
  })
  t.equal((await terminator.endForService({ userId: 'user-1' }, 'user_frozen')).ended, 1)
  await t.rejects(house.authenticate(phone.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'user_frozen',
  })
  t.equal((await terminator.endForService({ userId: 'user-1' }, 'user_frozen')).ended, 0)
  t.strictSame(
    house.revocationLog.entries.map(({ id, reason }) => [id, reason]),
    [
      [laptop.sessionId, 'ended_by_admin'],
      [phone.sessionId, 'user_frozen'],
    ],
  )
})

await t.test('a service gives only reasons that are its own to give', async (t) => {
  const { terminator } = createTerminator()
  for (const reason of SERVICE_END_REASONS) {
    t.equal((await terminator.endForService({ userId: 'nobody' }, reason)).ended, 0)
  }
  for (const reason of ['expired', 'reuse_detected', 'because', 'Logged_Out']) {
    t.throws(() => terminator.endForService({ userId: 'user-1' }, reason), {
      code: 'INVALID_ARGUMENT',
      reason: 'invalid_argument',
      details: [{ path: 'reason' }],
    })
  }
})

await t.test('a user ends their own sessions and nobody else’s', async (t) => {
  const { house, terminator } = createTerminator()
  const [laptop, phone] = [await house.login(LAPTOP), await house.login(PHONE)]
  const own = await house.authenticate(laptop.accessToken)
  const missing = { code: 'NOT_FOUND', reason: 'session_not_found' }
  await t.rejects(terminator.endForUser(stranger, { sessionId: phone.sessionId }), missing)
  await t.rejects(terminator.endForUser(stranger, { userId: 'user-1' }), {
    code: 'PERMISSION_DENIED',
    reason: 'not_your_sessions',
  })
  t.equal((await terminator.endForUser(own, { sessionId: phone.sessionId })).ended, 1)
  await t.rejects(terminator.endForUser(own, { sessionId: phone.sessionId }), missing)
  t.equal((await terminator.endForUser(own, { userId: 'user-1' })).ended, 1)
  await t.rejects(house.authenticate(laptop.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_user',
  })
})

await t.test('an administrator ends anybody’s', async (t) => {
  const { house, terminator } = createTerminator()
  const [laptop, phone] = [await house.login(LAPTOP), await house.login(PHONE)]
  t.equal((await terminator.endForUser(admin, { sessionId: phone.sessionId })).ended, 1)
  await t.rejects(house.authenticate(phone.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_admin',
  })
  t.equal((await terminator.endForUser(admin, { userId: 'user-1' })).ended, 1)
  await t.rejects(house.authenticate(laptop.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'ended_by_admin',
  })
  t.match(house.auditLog.events.at(-1), { type: 'session.ended', actorId: 'admin-1' })
  await t.rejects(terminator.endForUser(admin, { sessionId: 'none' }), {
    code: 'NOT_FOUND',
    reason: 'session_not_found',
  })
})
