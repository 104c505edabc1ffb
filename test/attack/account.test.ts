/** Accounts that an attacker makes, guesses or bends. */
import t from 'tap'
import { call, PASSWORD } from '../helpers/http-client.js'
import { readSharedVectors } from '../helpers/shared-vectors.js'
import { openAttackHouse } from './house.js'

const FILE_TIMEOUT_MS = 120_000
t.setTimeout(FILE_TIMEOUT_MS)

const house = await openAttackHouse(t)
const { http } = house

function post(path: string, json: unknown, token?: string) {
  return call('POST', http + path, { json, ...(token === undefined ? {} : { token }) })
}

await t.test('P-01 unknown, wrong and password-less are one answer', async (t) => {
  // What differs from request to request without telling anything.
  const own = new Set(['requestId', 'date', 'x-request-id', 'set-cookie'])
  const others = (members: object) =>
    Object.fromEntries(Object.entries(members).filter(([name]) => !own.has(name)))
  const without = ({ status, body, headers }: Awaited<ReturnType<typeof post>>) => ({
    status,
    body: others(body),
    headers: others(headers),
  })
  const answers = await Promise.all(
    [
      { username: 'nobody', password: PASSWORD },
      { username: 'ada', password: 'a wrong password' },
      { username: 'nobody@example.com', password: PASSWORD },
      { username: 'а\u200bda', password: PASSWORD },
      { username: 'ada', password: 'short' },
    ].map((json) => post('/auth/login', json)),
  )
  const [first, ...rest] = answers.map(without)
  t.match(first, { status: 401, body: { code: 'UNAUTHENTICATED', reason: 'credentials_invalid' } })
  for (const other of rest) t.strictSame(other, first)
})

await t.test(
  'P-03 a password of 1 KiB works, a longer one is refused before it is hashed',
  async (t) => {
    const password = 'p'.repeat(1024)
    t.equal((await post('/auth/register', { username: 'long-password', password })).status, 201)
    t.equal((await post('/auth/login', { username: 'long-password', password })).status, 200)
    const before = house.state()
    for (const path of ['/auth/register', '/auth/login']) {
      const over = await post(path, { username: 'too-long', password: `${password}p` })
      t.equal(over.status, 400)
      t.match(over.body, { code: 'INVALID_ARGUMENT', details: [{ path: 'body.password' }] })
      const huge = await post(path, { username: 'too-long', password: 'p'.repeat(1 << 20) })
      t.equal(huge.status, 413)
      t.match(huge.body, { code: 'RESOURCE_EXHAUSTED', reason: 'too_large' })
    }
    t.equal(house.state(), before)
  },
)

await t.test(
  'P-05 P-06 every byte counts, and every keyboard types the same password',
  async (t) => {
    const long = 'x'.repeat(72)
    await post('/auth/register', { username: 'byte-73', password: `${long}a` })
    t.equal((await post('/auth/login', { username: 'byte-73', password: `${long}b` })).status, 401)
    t.equal((await post('/auth/login', { username: 'byte-73', password: `${long}a` })).status, 200)
    const word = 'Ångström-ﬃ-é'
    await post('/auth/register', { username: 'normal', password: word.normalize('NFD') })
    for (const form of ['NFC', 'NFD', 'NFKC', 'NFKD']) {
      const password = word.normalize(form)
      t.equal((await post('/auth/login', { username: 'normal', password })).status, 200, form)
    }
  },
)

await t.test('P-07 a name has one form, and no look-alike', async (t) => {
  const lookAlikes = [
    '\u0430da',
    'ada\u200b',
    '\u202eada',
    'ada ',
    ' ada',
    'a\u0301da',
    'ad\u212a',
    '🙂da',
  ]
  const wrong = [
    ...lookAlikes,
    'ada\0',
    'ada\r\nset-cookie: x',
    'a'.repeat(33),
    'ad',
    '.ada',
    'ada@x',
    '',
  ]
  const before = house.state()
  for (const username of wrong) {
    const { status, body } = await post('/auth/register', { username, password: PASSWORD })
    t.equal(status, 400, JSON.stringify(username))
    t.match(body, { code: 'INVALID_ARGUMENT', reason: 'invalid_argument' })
  }
  const taken = await post('/auth/register', { username: 'ADA', password: PASSWORD })
  t.equal(taken.status, 409)
  t.match(taken.body, { code: 'ALREADY_EXISTS', reason: 'username_taken' })
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('P-08 P-18 SQL and naughty strings in every field', async (t) => {
  const naughty = (readSharedVectors('blns.json') as string[] | null) ?? []
  const sql = [
    ...[
      "' OR '1'='1",
      "'; DROP TABLE users; --",
      '" OR ""="',
      "') OR ('1'='1",
      '%',
      '_',
      "\\'; --",
    ],
    ...['${7*7}', '{{7*7}}', '<script>alert(1)</script>', '=1+1', 'a\r\nb: c', '\u0000', '../../x'],
  ]
  const before = house.state()
  for (const text of [...sql, ...naughty]) {
    const answers = [
      await post('/auth/login', { username: text, password: text }),
      await post('/auth/refresh_token', { refreshToken: text }),
      await call('DELETE', `${http}/sessions/${encodeURIComponent(text)}`, {
        token: house.ada.accessToken,
      }),
      await call('GET', `${http}/auth/login/${encodeURIComponent(text)}`),
      await call('GET', `${http}/grpc/hello?id=${encodeURIComponent(text)}`),
    ]
    for (const { status, text: body } of answers) {
      const isRefused = status >= 400 && status < 500
      // `/grpc/hello?id=` with a number in it is a greeting, and no refusal.
      if (!isRefused && status !== 200) t.fail(`${status} for ${JSON.stringify(text)}: ${body}`)
    }
  }
  t.equal(house.state(), before, 'nothing changed')
  let made = 0
  for (const displayName of [...sql, ...naughty]) {
    const { status, body } = await call('PATCH', `${http}/me`, {
      token: house.ada.accessToken,
      json: { displayName },
    })
    if (status === 200) {
      made += 1
      const { user } = body as { user: { displayName: string } }
      if (user.displayName !== displayName.normalize('NFC').trim()) t.fail(displayName)
    } else if (status !== 400) t.fail(`${status} for ${JSON.stringify(displayName)}`)
  }
  t.ok(made > 0)
  const { body } = await call('GET', `${http}/me`, { token: house.eve.accessToken })
  t.match(body, { user: { username: 'eve', displayName: 'eve' } }, 'nobody else was touched')
})

await t.test('P-09 no body sets what is not for the caller to set', async (t) => {
  const before = house.state()
  const wishes = [
    { role: 'admin' },
    { isAdmin: true },
    { emailVerified: true },
    { isEmailVerified: true },
    { id: 'chosen' },
    { passwordHash: 'x' },
    { state: 'active' },
    { createdAt: 0 },
    { user: { role: 'admin' } },
    { 'role[]': 'admin' },
    { avatarUrl: 'javascript:alert(1)' },
  ]
  const account = { username: 'mass', password: PASSWORD }
  for (const wish of wishes) {
    const name = Object.keys(wish)[0] ?? ''
    const register = await post('/auth/register', { ...account, ...wish })
    const loginAnswer = await post('/auth/login', { username: 'ada', password: PASSWORD, ...wish })
    const update = await call('PATCH', `${http}/me`, {
      token: house.ada.accessToken,
      json: { displayName: 'x', ...wish },
    })
    for (const { status, body } of [register, loginAnswer, update]) {
      t.equal(status, 400, name)
      t.match(body, {
        code: 'INVALID_ARGUMENT',
        reason: 'invalid_argument',
        details: [{ path: `body.${name}`, message: 'is not a known member' }],
      })
    }
  }
  for (const text of ['{"username":"mass","password":"12345678","__proto__":{"role":"admin"}}']) {
    const headers = { 'content-type': 'application/json' }
    t.equal((await call('POST', `${http}/auth/register`, { text, headers })).status, 400)
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('P-10 passwords that anybody would try are refused, and it is said why', async (t) => {
  const before = house.state()
  const cases: [string, string][] = [
    ['password1', 'common'],
    ['12345678', 'common'],
    ['QWERTYUIOP', 'common'],
    ['common-choice', 'username'],
  ]
  for (const [password, word] of cases) {
    const { status, body } = await post('/auth/register', { username: 'common-choice', password })
    t.equal(status, 400, password)
    t.match(body, {
      code: 'INVALID_ARGUMENT',
      details: [{ path: 'password', message: new RegExp(word) }],
    })
  }
  t.equal(house.state(), before)
})
