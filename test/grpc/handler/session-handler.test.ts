import t from 'tap'
import { ANYBODY } from '../../../src/grpc/caller.js'
import { sessionOver } from '../../../src/domain/session.js'
import { AppError, unauthenticated } from '../../../src/errors/app-error.js'
import { createVerifyHandler } from '../../../src/grpc/handler/session-handler.js'
import type { AuthenticationService } from '../../../src/service/authentication-service.js'
import { PRINCIPAL } from '../harness.js'

const context = { requestId: 'r', caller: ANYBODY, signal: new AbortController().signal }

async function verify(authenticate: AuthenticationService['authenticate']): Promise<unknown> {
  return createVerifyHandler({ authentication: { authenticate } })(
    { accessToken: 'a.b.c' },
    context,
  )
}

await t.test('Verify answers a good token with its principal and expiry', async (t) => {
  const tokens: string[] = []
  const answer = await verify(async (token) => {
    tokens.push(token)
    return PRINCIPAL
  })
  t.strictSame(tokens, ['a.b.c'])
  t.strictSame(answer, {
    active: true,
    principal: {
      userId: 'user-1',
      role: 'admin',
      sessionId: 'session-1',
      clientId: 'client-1',
    },
    expiresAt: { seconds: 1_800_000_000, nanos: 123_000_000 },
  })
})

await t.test('Verify answers a token that is not good with its reason', async (t) => {
  const expired = unauthenticated('token_expired', 'The access token has expired.')
  t.strictSame(await verify(() => Promise.reject(expired)), {
    active: false,
    reason: 'token_expired',
    message: 'The access token has expired.',
  })
  t.strictSame(await verify(() => Promise.reject(sessionOver('ended_by_user'))), {
    active: false,
    reason: 'ended_by_user',
    message: 'This session was ended from another device.',
  })
})

await t.test('Verify fails when nothing can be known', async (t) => {
  const down = new AppError('UNAVAILABLE', 'store_unavailable', 'The store is away.')
  await t.rejects(
    verify(() => Promise.reject(down)),
    down,
  )
  const bug = new TypeError('bug')
  await t.rejects(
    verify(() => Promise.reject(bug)),
    bug,
  )
})
