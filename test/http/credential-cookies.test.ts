import type { FastifyReply } from 'fastify'
import t from 'tap'
import { clearCredentialCookies, setCredentialCookies } from '../../src/http/credential-cookies.js'
import { SIGN_IN } from '../helpers/http-fakes.js'

function cookiesOf(write: (reply: FastifyReply) => void): string[] {
  const cookies: string[] = []
  const reply = {
    header(name: string, value: string) {
      if (name === 'set-cookie') cookies.push(value)
      return this
    },
  }
  write(reply as unknown as FastifyReply)
  return cookies
}

await t.test('setCredentialCookies hands both tokens out', (t) => {
  t.same(
    cookiesOf((reply) => setCredentialCookies(reply, SIGN_IN, false)),
    [
      '_at=access-1; Max-Age=600; Path=/; HttpOnly; SameSite=Lax',
      '_rt=refresh-1; Max-Age=2592000; Path=/; HttpOnly; SameSite=Strict',
    ],
  )
  t.same(
    cookiesOf((reply) => setCredentialCookies(reply, SIGN_IN, true)),
    [
      '__Host-at=access-1; Max-Age=600; Path=/; HttpOnly; Secure; SameSite=Lax',
      '__Host-rt=refresh-1; Max-Age=2592000; Path=/; HttpOnly; Secure; SameSite=Strict',
    ],
  )
  t.end()
})

await t.test('clearCredentialCookies takes both back', (t) => {
  t.same(
    cookiesOf((reply) => clearCredentialCookies(reply, true)),
    [
      '__Host-at=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Lax',
      '__Host-rt=; Max-Age=0; Path=/; HttpOnly; Secure; SameSite=Strict',
    ],
  )
  t.end()
})
