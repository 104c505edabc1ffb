import t from 'tap'
import { createAccountHouse, createFakeKeyAdmin } from '../helpers/account-house.js'
import { PHONE } from '../helpers/session-house.js'

await t.test('every change of the keys is written down', async (t) => {
  const house = await createAccountHouse()
  const admin = createFakeKeyAdmin('key-1')
  const keys = house.keyService(admin)
  t.match(await keys.list(), [{ id: 'key-1' }])
  await keys.generate('EdDSA')
  const rotation = { algorithm: 'ES256', signsFrom: 5 } as const
  await keys.rotate(rotation)
  await keys.retire('key-1')
  t.strictSame(admin.calls, [
    ['generate', 'EdDSA'],
    ['rotate', rotation],
    ['retire', 'key-1'],
  ])
  t.match(house.auditLog.events, [
    { type: 'key.generated', actorId: null, userId: null, data: { keyId: 'key-1' } },
    { type: 'key.rotated' },
    { type: 'key.retired' },
  ])
})

await t.test('burn refuses the tokens in every process and ends what the key signed', async (t) => {
  const house = await createAccountHouse()
  const { keyId } = await house.tokenVerifier.verifyAccess(house.laptop.accessToken)
  house.otherHandles.attach(house.phone.sessionId, { end() {} })
  const admin = createFakeKeyAdmin(keyId)
  const result = await house.keyService(admin).burn(keyId, 'ES256')
  t.strictSame(admin.calls, [['burn', keyId, 'ES256']])
  t.strictSame(result.end, {
    ended: 2,
    connectionsClosed: 1,
    processes: { asked: 2, answered: 2 },
  })
  t.equal(result.key.id, keyId)
  await t.rejects(house.authenticate(house.laptop.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'token_key_unknown',
  })
  await t.rejects(house.sessions.refresh(house.phone.refreshToken, PHONE), {
    code: 'UNAUTHENTICATED',
    reason: 'token_key_unknown',
  })
  t.equal(await house.reasonOf(house.phone.sessionId), 'key_burned')
  t.same(house.eventTypes(), ['key.burned', 'session.ended', 'session.ended'])
})

await t.test('burn tells who did not answer, and goes on without the others', async (t) => {
  const house = await createAccountHouse()
  const { keyId } = await house.tokenVerifier.verifyAccess(house.laptop.accessToken)
  const keys = house.keyService(createFakeKeyAdmin(keyId))
  house.broker.joinSilent('silent')
  t.match((await keys.burn('other', 'ES256')).end, { processes: { asked: 3, answered: 2 } })
  house.broker.setDown(true)
  t.match((await keys.burn(keyId, 'ES256')).end, {
    ended: 2,
    processes: { asked: 0, answered: 0 },
  })
  t.match(
    house.logger.lines.map(({ message }) => message),
    ['a process did not confirm a burned key', 'cannot tell that a key was burned'],
  )
})
