/** Pages of other sites that act through a browser of ours. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { call, type CallOptions, PASSWORD } from '../helpers/http-client.js'
import { openAttackHouse } from './house.js'

const house = await openAttackHouse(t)
const { http, httpAddress } = house
const signedIn = await call('POST', `${http}/auth/login`, {
  json: { username: 'ada', password: PASSWORD, useCookies: true },
})
const setCookies = [signedIn.headers['set-cookie'] ?? []].flat()
const cookie = setCookies.map((value) => value.split(';')[0]).join('; ')
const JSON_TYPE = { 'content-type': 'application/json' }

/** Every change that a cookie could make. */
const CHANGES: readonly (readonly [string, string, unknown])[] = [
  ['PATCH', '/me', { displayName: 'Changed' }],
  ['DELETE', '/sessions', undefined],
  ['DELETE', `/sessions/${house.ada.sessionId}`, undefined],
  ['POST', '/auth/logout', undefined],
  ['POST', '/auth/refresh_token', undefined],
  ['POST', '/me/identities/github', {}],
  ['DELETE', '/me/identities/github', undefined],
]

async function refusesAll(headers: Record<string, string>, what: string): Promise<void> {
  const before = house.state()
  for (const [method, path, json] of CHANGES) {
    const options: CallOptions = { headers: { cookie, ...headers }, json }
    const { status, body } = await call(method, http + path, options)
    t.equal(status, 403, `${what}: ${method} ${path}`)
    t.match(body, { code: 'PERMISSION_DENIED', reason: 'cross_site_request' })
  }
  t.equal(house.state(), before, 'nothing changed')
}

await t.test('C-01 C-02 C-03 no change by cookie from anywhere else', async () => {
  await refusesAll({}, 'nothing tells where from')
  const own = `http://${httpAddress}`
  for (const site of ['cross-site', 'same-site', 'nonsense']) {
    await refusesAll({ 'sec-fetch-site': site, origin: own }, site)
  }
  const origins = ['null', '', `${own}.evil.test`, `http://${httpAddress}@evil.test`, `${own}/`]
  const others = [
    own.toUpperCase(),
    own.replace(/\d$/, (digit) => String((Number(digit) + 1) % 10)),
  ]
  for (const origin of [...origins, ...others, 'https://evil.test', `${own}, ${own}`]) {
    await refusesAll({ origin }, origin)
  }
})

await t.test('C-04 only JSON is read', async (t) => {
  const before = house.state()
  const text = 'username=mallory&password=correct-horse-battery'
  const json = '{"username":"mallory","password":"correct horse battery"}'
  const types = [
    'application/x-www-form-urlencoded',
    'text/plain',
    'multipart/form-data; boundary=x',
  ]
  for (const type of [...types, 'text/plain; application/json', 'application/json5', '']) {
    for (const body of [text, json]) {
      const headers = { 'content-type': type, 'sec-fetch-site': 'same-origin' }
      const answer = await call('POST', `${http}/auth/register`, { text: body, headers })
      t.equal(answer.status, 415, type)
      t.match(answer.body, { code: 'INVALID_ARGUMENT', reason: 'unsupported_media_type' })
    }
  }
  t.equal(house.state(), before, 'nothing changed')
})

await t.test('C-05 nobody is signed in, or registered, by another site', async (t) => {
  const before = house.state()
  for (const path of ['/auth/login', '/auth/register']) {
    for (const headers of [{ 'sec-fetch-site': 'cross-site' }, { origin: 'https://evil.test' }]) {
      const json = { username: 'eve', password: PASSWORD }
      const { status, body, headers: answered } = await call('POST', http + path, { json, headers })
      t.equal(status, 403)
      t.match(body, { code: 'PERMISSION_DENIED', reason: 'cross_site_request' })
      t.notMatch(String(answered['set-cookie']), /_at=|_rt=/)
    }
  }
  t.equal(house.state(), before)
})

await t.test('C-07 no GET changes anything but the flow it begins', async (t) => {
  const file = join(PACKAGE_ROOT, 'assets', 'openapi.json')
  const { paths } = JSON.parse(readFileSync(file, 'utf8')) as {
    paths: Record<string, Record<string, unknown>>
  }
  const routes = Object.keys(paths).filter((path) => paths[path]?.['get'] !== undefined)
  t.ok(routes.length >= 12)
  const before = house.state()
  for (const route of routes) {
    const path = route.replaceAll('{id}', house.ada.sessionId).replaceAll('{provider}', 'nobody')
    for (const method of ['GET', 'HEAD']) await call(method, http + path, { headers: { cookie } })
  }
  t.equal(house.state(), before)
})

await t.test('C-09 cookies that were tampered with open nothing', async (t) => {
  const access = /_at=([^;]+)/.exec(cookie)?.[1] ?? ''
  const refresh = /_rt=([^;]+)/.exec(cookie)?.[1] ?? ''
  const [head = '', payload = '', signature = ''] = access.split('.')
  const before = house.state()
  const refused: Record<string, [string, number]> = {
    'a flipped bit': [`_at=${head}.${payload}.${signature.slice(0, -2)}AA`, 401],
    'swapped names': [`_at=${refresh}`, 401],
    'quotes around it': [`_at="${access}"`, 401],
    'another name': [`$Version=1; _AT=${access}`, 401],
    encoded: [`_at=${encodeURIComponent(access).replaceAll('.', '%2E')}`, 401],
    'too much of it': [`_at=${'a'.repeat(5000)}`, 401],
    'two of them': [`_at=${access}; _at=${house.eve.accessToken}`, 400],
    'the same twice': [`_at=${access}; _at=${access}`, 400],
    'two of the other': [`_at=${access}; _rt=a; _rt=b`, 400],
  }
  for (const [what, [value, expected]] of Object.entries(refused)) {
    const { status, body } = await call('GET', `${http}/me`, { headers: { cookie: value } })
    t.equal(status, expected, what)
    if (expected === 400) t.match(body, { reason: 'cookie_duplicated' }, what)
  }
  t.equal(house.state(), before)
})

await t.test('C-10 credential cookies are HttpOnly, for the host, and short enough', async (t) => {
  t.equal(setCookies.length, 3)
  for (const value of setCookies) {
    t.match(value, /; Path=\/(?:;|$)/)
    t.match(value, /; HttpOnly(?:;|$)/)
    t.match(value, /; SameSite=(?:Lax|Strict)/)
    t.notMatch(value, /domain=/i)
    t.ok(value.split(';')[0]?.length ?? Infinity <= 4096)
  }
  const secure = await openAttackHouse(t, { 'http.secureCookies': true })
  const answer = await call('POST', `${secure.http}/auth/login`, {
    json: { username: 'ada', password: PASSWORD, useCookies: true },
  })
  const names = [answer.headers['set-cookie'] ?? []].flat()
  t.equal(names.length, 3)
  for (const value of names) t.match(value, /^__Host-\w+=[^;]*; .*; Secure/)
  t.match(answer.headers['strict-transport-security'], /max-age=31536000/)
})

await t.test('C-11 no other origin is told that it may read', async (t) => {
  for (const origin of ['https://evil.test', 'null', `http://${httpAddress}.evil.test`]) {
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await call(method, `${http}/me`, {
        headers: { cookie, origin, 'access-control-request-method': 'PATCH' },
      })
      t.equal(answer.headers['access-control-allow-origin'], undefined)
      t.equal(answer.headers['access-control-allow-credentials'], undefined)
    }
  }
})

await t.test('C-12 nothing overrides the method', async (t) => {
  const before = house.state()
  const names = ['x-http-method-override', 'x-http-method', 'x-method-override']
  for (const name of names) {
    const headers = { cookie, [name]: 'DELETE' }
    t.equal((await call('GET', `${http}/sessions?_method=DELETE`, { headers })).status, 200)
  }
  const patch = await call('POST', `${http}/me?_method=PATCH`, {
    headers: { cookie, ...JSON_TYPE, 'sec-fetch-site': 'same-origin' },
    json: { displayName: 'x', _method: 'PATCH' },
  })
  t.equal(patch.status, 404)
  t.equal(house.state(), before)
})

await t.test('C-13 every answer carries the headers that protect it', async (t) => {
  const answers = [
    await call('GET', `${http}/me`, { headers: { cookie } }),
    await call('GET', `${http}/me`),
    await call('GET', `${http}/nowhere`),
    await call('GET', `${http}/auth/callback/github?state=x`),
    await call('GET', `${http}/%`),
  ]
  for (const { headers } of answers) {
    t.match(headers, {
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'DENY',
      'referrer-policy': 'no-referrer',
      'cache-control': 'no-store',
      'content-security-policy': /default-src 'none'.*frame-ancestors 'none'/,
    })
  }
})
