import fastifyCookie from '@fastify/cookie'
import { fastify } from 'fastify'
import t from 'tap'
import {
  type CookieAttributes,
  cookieNames,
  readCookies,
  writeCookie,
} from '../../src/http/cookie.js'
import { cookiesOf } from '../helpers/set-cookies.js'

const PLAIN = cookieNames(false)

await t.test('cookieNames takes the __Host- prefix where cookies are secure', (t) => {
  t.same(PLAIN, { client: '_cid', access: '_at', refresh: '_rt', oauth: '_oauth' })
  t.same(cookieNames(true), {
    client: '__Host-cid',
    access: '__Host-at',
    refresh: '__Host-rt',
    oauth: '__Host-oauth',
  })
  t.end()
})

await t.test('readCookies finds ours among others', (t) => {
  const found = readCookies('a=1; _cid=c.m;_at=x.y.z ; _rt=r=; b', PLAIN)
  t.same(found, { client: 'c.m', access: 'x.y.z', refresh: 'r=', oauth: null })
  t.same(
    readCookies('_at="x"', PLAIN).access,
    '"x"',
    'quotes are part of the value, and refused later',
  )
  t.same(readCookies('_at=%41', PLAIN).access, '%41', 'nothing is decoded')
  t.end()
})

await t.test('readCookies gives null for what is absent or has another name', (t) => {
  const none = { client: null, access: null, refresh: null, oauth: null }
  for (const header of [
    undefined,
    '',
    ';;;',
    '=',
    '_AT=x',
    '__Host-at=x',
    'x_at=y',
    '$Version=1',
  ]) {
    t.same(readCookies(header, PLAIN), none, String(header))
  }
  t.same(readCookies('_cid=a; _cid=b; _cid=c', PLAIN).client, null, 'a doubled label')
  t.end()
})

await t.test('readCookies refuses a doubled credential', (t) => {
  for (const header of ['_at=a; _at=b', '_at=a; _at=a', '_at=; _at=a', '_rt=a; x=1; _rt=b']) {
    t.throws(() => readCookies(header, PLAIN), {
      code: 'INVALID_ARGUMENT',
      reason: 'cookie_duplicated',
    })
  }
  t.end()
})

await t.test('writeCookie sets cookies that scripts and other hosts cannot read', async (t) => {
  const cookieOf = (...[name, value, attributes]: [string, string, CookieAttributes]) =>
    cookiesOf((reply) => writeCookie(reply, name, value, attributes))
  t.same(
    await cookieOf('_at', 'a.b-c_d', { maxAgeSeconds: 61.5, sameSite: 'lax', secure: false }),
    ['_at=a.b-c_d; Max-Age=61; Path=/; HttpOnly; SameSite=Lax'],
  )
  t.same(await cookieOf('__Host-at', '', { maxAgeSeconds: 0, sameSite: 'strict', secure: true }), [
    '__Host-at=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
  ])
  for (const value of ['a\r\nb', 'a;b', 'a b', 'a,b', '"a"', 'ä', 'a%20b']) {
    await t.rejects(cookieOf('_at', value, { maxAgeSeconds: 1, sameSite: 'lax', secure: true }), {
      message: 'not a value for the cookie _at',
    })
  }
})

await t.test('the cookie library reads the same', async (t) => {
  const library = fastify()
  t.teardown(() => library.close())
  await library.register(fastifyCookie)
  const header = 'x=1; _cid=c.m;_at=x.y ;_rt=r='
  const { _cid: client, _at: access, _rt: refresh } = library.parseCookie(header)
  t.same(readCookies(header, PLAIN), { client, access, refresh, oauth: null })
})
