import t from 'tap'
import type { Principal } from '../../src/domain/session.js'
import { unauthenticated } from '../../src/errors/app-error.js'
import { createAdmission } from '../../src/grpc/admission.js'
import { REQUIREMENTS } from '../../src/grpc/requirement.js'
import { API_KEY, metadataOf, PRINCIPAL, SAY_HELLO, VERIFY } from './harness.js'

const END = '/gatehouse.v1.SessionService/End'
const WATCH = '/gatehouse.v1.SessionService/WatchRevocations'
const PEER = '192.0.2.1:5000'
const SIBLING = '192.0.2.2:5000'
const EXPIRED = '192.0.2.3:5000'
const PRINCIPALS: Readonly<Record<string, Principal>> = {
  admin: PRINCIPAL,
  user: { ...PRINCIPAL, userId: 'user-2', role: 'user' },
}

const admit = createAdmission({
  apiKey: API_KEY,
  authentication: {
    authenticate: async (token) => {
      const principal = PRINCIPALS[token]
      if (principal) return principal
      throw unauthenticated('token_malformed', 'This is not an access token.')
    },
  },
  requirements: REQUIREMENTS,
  identityOf: (peer) => {
    if (peer === SIBLING) return { name: 'billing', expiresAt: Date.now() + 60_000 }
    return peer === EXPIRED ? { name: 'billing', expiresAt: Date.now() - 1 } : undefined
  },
  metadataBytesMax: 200,
})
const keyInvalid = {
  code: 'UNAUTHENTICATED',
  reason: 'api_key_invalid',
  message: 'This method needs one valid x-api-key.',
}
const bearer = (token: string) => metadataOf([['authorization', `Bearer ${token}`]])
const withKey = metadataOf([['x-api-key', API_KEY]])

await t.test('admission lets anybody call a public method', async (t) => {
  t.strictSame(admit(SAY_HELLO, metadataOf([]), PEER), { kind: 'anybody' })
})

await t.test('admission lets only the API key call a service method', async (t) => {
  t.strictSame(admit(VERIFY, withKey, PEER), { kind: 'service', name: 'api-key' })
  for (const entries of [[], [['x-api-key', 'wrong']] as const]) {
    t.match(admit(VERIFY, metadataOf(entries), PEER), keyInvalid)
  }
  t.match(await admit(VERIFY, bearer('admin'), PEER), keyInvalid, 'a user is not a service')
})

await t.test('admission knows a service by its certificate, while that is good', async (t) => {
  for (const path of [VERIFY, END, WATCH]) {
    t.strictSame(admit(path, metadataOf([]), SIBLING), { kind: 'service', name: 'billing' })
    t.match(admit(path, metadataOf([]), EXPIRED), {
      code: 'UNAUTHENTICATED',
      reason: 'certificate_expired',
    })
  }
})

await t.test('admission lets users in where the method says so', async (t) => {
  const user = { kind: 'user', principal: PRINCIPALS['user'], accessToken: 'user' }
  t.strictSame(await admit(END, bearer('user'), PEER), user)
  t.strictSame(await admit(END, bearer('user'), SIBLING), user, 'the narrower right counts')
  t.match(await admit(WATCH, bearer('user'), PEER), {
    code: 'PERMISSION_DENIED',
    reason: 'admin_only',
  })
  t.match(await admit(WATCH, bearer('admin'), PEER), { kind: 'user', principal: PRINCIPAL })
  t.strictSame(admit(END, withKey, PEER), { kind: 'service', name: 'api-key' })
  t.match(admit(END, metadataOf([]), PEER), keyInvalid)
})

await t.test('admission refuses a token that is not good', async (t) => {
  for (const value of ['Bearer forged', 'Bearer', 'Basic user', 'user']) {
    t.match(await admit(END, metadataOf([['authorization', value]]), PEER), {
      code: 'UNAUTHENTICATED',
      reason: 'token_malformed',
    })
  }
})

await t.test('admission refuses two kinds of credentials at once', async (t) => {
  const both = metadataOf([
    ['authorization', 'Bearer user'],
    ['x-api-key', API_KEY],
  ])
  t.match(admit(END, both, PEER), { code: 'UNAUTHENTICATED', reason: 'credentials_ambiguous' })
})

await t.test('admission refuses a method that is not listed', async (t) => {
  t.match(admit('/hello.HelloService/Other', withKey, PEER), {
    code: 'PERMISSION_DENIED',
    reason: 'method_closed',
    message: 'Nobody may call this method.',
  })
})

await t.test('admission counts metadata as HTTP/2 does', async (t) => {
  const fits = 200 - 32 - 'x-note'.length
  const note = (chars: number) => metadataOf([['x-note', 'n'.repeat(chars)]])
  t.strictSame(admit(SAY_HELLO, note(fits), PEER), { kind: 'anybody' })
  t.match(admit(SAY_HELLO, note(fits + 1), PEER), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'too_large',
    message: 'The metadata of a call has at most 200 bytes.',
  })
  const many = Array.from({ length: 6 }, () => ['a', ''] as const)
  t.match(admit(SAY_HELLO, metadataOf([...many, ['b', '']]), PEER), { reason: 'too_large' })
  const bytes = (count: number) => metadataOf([['x-note-bin', Buffer.alloc(count)]])
  const groups = Math.floor((200 - 32 - 'x-note-bin'.length) / 4)
  t.strictSame(admit(SAY_HELLO, bytes(groups * 3), PEER), { kind: 'anybody' })
  t.match(admit(SAY_HELLO, bytes(groups * 3 + 1), PEER), { reason: 'too_large' }, 'in base64')
})
