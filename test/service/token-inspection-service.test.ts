import t from 'tap'
import { createAccountHouse } from '../helpers/account-house.js'

await t.test('introspect says what a good access token says', async (t) => {
  const { inspection, laptop, user, clock } = await createAccountHouse()
  const found = await inspection.introspect(laptop.accessToken)
  t.match(found, {
    user,
    claims: { userId: 'user-1', sessionId: laptop.sessionId, issuedAt: clock.now() - 1000 },
  })
})

await t.test('introspect knows nothing of what is not good', async (t) => {
  const house = await createAccountHouse()
  const { inspection, laptop, phone, clock } = house
  t.equal(await inspection.introspect('garbage'), null)
  t.equal(await inspection.introspect(''), null)
  t.equal(await inspection.introspect(laptop.refreshToken), null, 'a refresh token')
  await house.sessions.end(house.principal, phone.sessionId)
  t.equal(await inspection.introspect(phone.accessToken), null, 'an ended session')
  house.freeze(house.user)
  t.equal(await inspection.introspect(laptop.accessToken), null, 'a frozen user')
  house.users.remove('user-1')
  t.equal(await inspection.introspect(laptop.accessToken), null, 'no user')
  clock.advance(3_600_000)
  t.equal(await inspection.introspect(laptop.accessToken), null, 'expired')
})

await t.test('revoke ends the session of either token', async (t) => {
  const house = await createAccountHouse()
  const { inspection, laptop, phone } = house
  await inspection.revoke(laptop.accessToken, '192.0.2.7')
  t.equal(await house.reasonOf(laptop.sessionId), 'token_revoked')
  await inspection.revoke(phone.refreshToken, '192.0.2.7')
  t.equal(await house.reasonOf(phone.sessionId), 'token_revoked')
  t.match(house.auditLog.events, [
    {
      type: 'session.ended',
      actorId: null,
      address: '192.0.2.7',
      sessionId: laptop.sessionId,
      data: { reason: 'token_revoked' },
    },
    { sessionId: phone.sessionId },
  ])
  await t.resolves(inspection.revoke(laptop.accessToken, '192.0.2.7'), 'again')
  await t.resolves(inspection.revoke('garbage', '192.0.2.7'))
  t.equal(house.auditLog.events.length, 2)
})

await t.test('neither answers when the store cannot be asked', async (t) => {
  const house = await createAccountHouse()
  house.sessionStore.setDown(true)
  const away = { code: 'UNAVAILABLE', reason: 'store_unavailable' }
  await t.rejects(house.inspection.introspect(house.laptop.accessToken), away)
  await t.rejects(house.inspection.revoke(house.laptop.accessToken, ''), away)
})
