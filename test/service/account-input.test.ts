import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import { type NewAccount, validateAccount } from '../../src/service/account-input.js'

const ACCOUNT = { username: 'ada', password: 'correct horse', email: 'ada@example.com' }
const isCommon = (password: string) => password === 'password1'

function problemsOf(account: NewAccount): readonly unknown[] {
  try {
    validateAccount(account, 'user', isCommon)
    return []
  } catch (error) {
    if (error instanceof AppError) return error.details
    throw error
  }
}

await t.test('validateAccount gives every field its canonical form', async (t) => {
  t.strictSame(
    validateAccount(
      {
        username: 'ADA',
        password: 'cafe\u0301 au lait',
        email: 'ADA@example.com',
        displayName: ' Ada ',
      },
      'admin',
      isCommon,
    ),
    {
      username: 'ada',
      password: 'caf\u00e9 au lait',
      email: 'ada@example.com',
      displayName: 'Ada',
      role: 'admin',
    },
  )
})

await t.test('validateAccount refuses a password that is the name or the address', async (t) => {
  const message = 'A password is not the username or e-mail address.'
  const problem = [{ path: 'password', message }]
  const account = { ...ACCOUNT, username: 'ada.lovelace' }
  t.strictSame(problemsOf({ ...account, password: 'ada.lovelace' }), problem)
  t.strictSame(problemsOf({ ...account, password: 'Ada.Lovelace' }), problem)
  t.strictSame(problemsOf({ ...account, password: 'ADA@example.com' }), problem)
  t.strictSame(problemsOf({ ...account, password: 'ada.lovelace!' }), [])
})

await t.test('validateAccount refuses a common password in any case', async (t) => {
  const message = 'This password is among the most common; choose another.'
  for (const password of ['password1', 'PassWord1', '\uff50assword1']) {
    t.strictSame(problemsOf({ ...ACCOUNT, password }), [{ path: 'password', message }])
  }
})

await t.test('validateAccount counts the bytes of a password', async (t) => {
  const message = 'A password has 8 to 1024 bytes.'
  const problem = [{ path: 'password', message }]
  t.strictSame(problemsOf({ ...ACCOUNT, password: '1234567' }), problem)
  t.strictSame(problemsOf({ ...ACCOUNT, password: 'x'.repeat(1025) }), problem)
  t.strictSame(problemsOf({ ...ACCOUNT, password: 'x'.repeat(1024) }), [])
  t.strictSame(problemsOf({ ...ACCOUNT, password: 'üüüü' }), [])
})

await t.test('validateAccount passes on what is no refusal', async (t) => {
  const broken = () => {
    throw new TypeError('the list is gone')
  }
  t.throws(() => validateAccount(ACCOUNT, 'user', broken), { message: 'the list is gone' })
  const odd = { ...ACCOUNT, username: 1 } as unknown as NewAccount
  t.throws(() => validateAccount(odd, 'user', isCommon), TypeError)
})
