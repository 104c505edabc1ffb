import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import { createSessionRepair } from '../../src/service/session-repair.js'
import { createAccountHouse, OPERATOR } from '../helpers/account-house.js'
import { LAPTOP } from '../helpers/session-house.js'

/** Longer than anybody needs from the commit to the end. */
const OVERDUE_MS = 5_001
const CHANGE = { currentPassword: 'correct horse', newPassword: 'another good horse' }

async function createHouse() {
  const house = await createAccountHouse()
  return { ...house, repair: createSessionRepair(house.deps) }
}

/** The process dies between the commit and the end: nothing after the commit happens until it is revived. */
function dieAfterCommit({ sessionStore, unfinishedEnds }: Awaited<ReturnType<typeof createHouse>>) {
  const end = sessionStore.end.bind(sessionStore)
  const remove = unfinishedEnds.remove.bind(unfinishedEnds)
  sessionStore.end = () =>
    Promise.reject(new AppError('UNAVAILABLE', 'killed', 'The process is dead.'))
  unfinishedEnds.remove = () => Promise.reject(new Error('The process is dead.'))
  return () => {
    sessionStore.end = end
    unfinishedEnds.remove = remove
  }
}

await t.test('a password change that died before the end is finished by anybody', async (t) => {
  const house = await createHouse()
  const { credentials, principal, repair, clock, laptop, phone, reasonOf } = house
  const revive = dieAfterCommit(house)
  await t.rejects(credentials.changePassword(principal, CHANGE, '192.0.2.1'), {
    code: 'UNAVAILABLE',
    reason: 'killed',
  })
  revive()
  t.equal(await reasonOf(phone.sessionId), null, 'alive, though the password has changed')
  await repair.run()
  t.equal(await reasonOf(phone.sessionId), null, 'left to whoever is about to end it')
  clock.advance(OVERDUE_MS)
  const fresh = await house.sessions.login(
    { login: 'ada', password: CHANGE.newPassword, remember: true },
    LAPTOP,
  )
  await repair.run()
  t.equal(await reasonOf(phone.sessionId), 'password_changed')
  t.equal(await reasonOf(laptop.sessionId), null, 'the one that changed it goes on')
  t.equal(await reasonOf(fresh.sessionId), null, 'so does what the new password began')
  t.match(house.revocationLog.entries, [{ id: phone.sessionId, reason: 'password_changed' }])
  t.match(house.logger.lines.at(-1), { level: 'warn', fields: { ended: 1 } })
  await repair.run()
  t.strictSame(house.unfinishedEnds.rows, [], 'and is forgotten when nothing is left to end')
})

await t.test('so are a reset, freezing and deletion, which spare nobody', async (t) => {
  const ways = {
    password_reset: async (house: Awaited<ReturnType<typeof createHouse>>) => {
      const { token } = await house.credentials.createResetLink('user-1', OPERATOR)
      return (): Promise<unknown> =>
        house.credentials.resetPassword({ token, newPassword: CHANGE.newPassword }, '::1')
    },
    user_frozen: async (house: Awaited<ReturnType<typeof createHouse>>) => (): Promise<unknown> =>
      house.userAdmin.update('user-1', { state: 'frozen' }, OPERATOR),
    user_deleted: async (house: Awaited<ReturnType<typeof createHouse>>) => (): Promise<unknown> =>
      house.userAdmin.delete('user-1', OPERATOR),
  }
  for (const [reason, prepare] of Object.entries(ways)) {
    const house = await createHouse()
    const act = await prepare(house)
    const revive = dieAfterCommit(house)
    await t.rejects(act(), { code: 'UNAVAILABLE', reason: 'killed' }, reason)
    revive()
    house.clock.advance(OVERDUE_MS)
    await house.repair.run()
    for (const { sessionId } of [house.laptop, house.phone]) {
      t.equal(await house.reasonOf(sessionId), reason)
    }
  }
})

await t.test('a change that was rolled back ends nobody', async (t) => {
  const house = await createHouse()
  house.users.update = () => Promise.reject(new Error('a lock'))
  await t.rejects(house.credentials.changePassword(house.principal, CHANGE, '::1'))
  t.strictSame(house.transactions.outcomes, ['rolled back'])
  t.equal(await house.reasonOf(house.phone.sessionId), null)
  t.strictSame(house.unfinishedEnds.rows, [])
})

await t.test('what went well leaves nothing to repair', async (t) => {
  const house = await createHouse()
  t.match(await house.credentials.changePassword(house.principal, CHANGE, '::1'), { ended: 1 })
  t.strictSame(house.unfinishedEnds.rows, [])
})

await t.test('ends that are missing in the log are written there', async (t) => {
  const { repair, sessionStore, revocationLog, clock } = await createHouse()
  const lost = { id: 'lost', userId: 'user-1', reason: 'logged_out' } as const
  sessionStore.unrecorded.push(lost)
  await repair.run()
  t.match(revocationLog.entries, [{ ...lost, endedAt: clock.now() }])
})

await t.test('a store that is away is an error, and the next run goes on', async (t) => {
  const house = await createHouse()
  const revive = dieAfterCommit(house)
  await t.rejects(house.userAdmin.update('user-1', { state: 'frozen' }, OPERATOR))
  revive()
  house.clock.advance(OVERDUE_MS)
  house.sessionStore.setDown(true)
  await t.rejects(house.repair.run(), { code: 'UNAVAILABLE' })
  house.sessionStore.setDown(false)
  await house.repair.run()
  t.equal(await house.reasonOf(house.laptop.sessionId), 'user_frozen')
})
