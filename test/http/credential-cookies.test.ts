import t from 'tap'
import { clearCredentialCookies, setCredentialCookies } from '../../src/http/credential-cookies.js'
import { SIGN_IN } from '../helpers/http-fakes.js'
import { cookiesOf } from '../helpers/set-cookies.js'

await t.test('setCredentialCookies hands both tokens out', async (t) => {
  t.same(await cookiesOf((reply) => setCredentialCookies(reply, SIGN_IN, false)), [
    '_at=access-1; Max-Age=600; Path=/; HttpOnly; SameSite=Lax',
    '_rt=refresh-1; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict',
  ])
  t.same(await cookiesOf((reply) => setCredentialCookies(reply, SIGN_IN, true)), [
    '__Host-at=access-1; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax',
    '__Host-rt=refresh-1; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Strict',
  ])
})

await t.test('clearCredentialCookies takes both back', async (t) => {
  t.same(await cookiesOf((reply) => clearCredentialCookies(reply, true)), [
    '__Host-at=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
    '__Host-rt=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
  ])
})
