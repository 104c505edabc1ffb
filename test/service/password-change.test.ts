import t from 'tap'
import { createAuditTrail } from '../../src/service/audit-trail.js'
import { createPasswordChange } from '../../src/service/password-change.js'
import { createSessionEnder } from '../../src/service/session-ender.js'
import { createMemoryTransactionRunner } from '../helpers/memory-transaction-runner.js'
import { createSessionHouse, LAPTOP, PHONE } from '../helpers/session-house.js'

async function createHouse() {
  const house = createSessionHouse()
  const auditTrail = createAuditTrail(house)
  const transactions = createMemoryTransactionRunner()
  const change = createPasswordChange({
    ...house,
    transactions,
    ender: createSessionEnder({ ...house, auditTrail, surveyTimeoutMs: 100 }),
    isCommonPassword: (password) => password === 'iloveyou1',
  })
  const { accessToken } = await house.login()
  const principal = await house.authenticate(accessToken)
  return { ...house, change, transactions, principal }
}

const NEW = 'battery staple horse'

await t.test('a change ends the other sessions and takes the new password', async (t) => {
  const { change, principal, login, sessions, auditLog, transactions } = await createHouse()
  const other = await login(PHONE)
  const passwords = { currentPassword: 'correct horse', newPassword: NEW }
  t.match(await change(principal, passwords, LAPTOP), { ended: 1 })
  t.strictSame(transactions.outcomes, ['committed'])
  t.ok(auditLog.events.some(({ type }) => type === 'password.changed'))
  await t.rejects(sessions.refresh(other.refreshToken, PHONE), {
    code: 'UNAUTHENTICATED',
    reason: 'password_changed',
  })
  await t.rejects(login(), { code: 'UNAUTHENTICATED', reason: 'credentials_invalid' })
  t.ok(await sessions.login({ login: 'ada', password: NEW, remember: false }, LAPTOP))
})

await t.test('a wrong password or an unusable new one changes nothing', async (t) => {
  const { change, principal, login, transactions } = await createHouse()
  const tryIt = (currentPassword: string, newPassword: string) =>
    change(principal, { currentPassword, newPassword }, LAPTOP)
  await t.rejects(tryIt('wrong', NEW), { code: 'PERMISSION_DENIED', reason: 'password_wrong' })
  for (const bad of ['short', 'iloveyou1', 'ada@example.com']) {
    await t.rejects(tryIt('correct horse', bad), { code: 'INVALID_ARGUMENT' }, bad)
  }
  t.strictSame(transactions.outcomes, [])
  t.ok(await login(), 'the old one still holds')
})

await t.test('a user who is gone is signed out', async (t) => {
  const { change, principal, users } = await createHouse()
  users.remove(principal.userId)
  const passwords = { currentPassword: 'correct horse', newPassword: NEW }
  await t.rejects(change(principal, passwords, LAPTOP), {
    code: 'UNAUTHENTICATED',
    reason: 'user_deleted',
  })
})
