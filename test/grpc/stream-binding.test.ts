import t from 'tap'
import type { AppError } from '../../src/errors/app-error.js'
import { unauthenticated } from '../../src/errors/app-error.js'
import { ANYBODY } from '../../src/grpc/caller.js'
import { createStreamBinding } from '../../src/grpc/stream-binding.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { waitFor } from '../helpers/wait-for.js'
import { PRINCIPAL } from './harness.js'

function createHouse(authenticate = async () => PRINCIPAL, leftMs = 600_000) {
  const clock = createFakeClock(PRINCIPAL.tokenExpiresAt - leftMs)
  const sessionHandles = createSessionHandles()
  const bind = createStreamBinding({ sessionHandles, authentication: { authenticate }, clock })
  const ends: AppError[] = []
  const user = { kind: 'user', principal: PRINCIPAL, accessToken: 'token' } as const
  return {
    sessionHandles,
    ends,
    bind: () => bind(user, (error) => ends.push(error)),
    bindAny: bind,
  }
}

await t.test('a stream of a service or of anybody is bound to nothing', async (t) => {
  const { bindAny, sessionHandles } = createHouse()
  for (const caller of [ANYBODY, { kind: 'service', name: 's' } as const]) {
    const release = await bindAny(caller, () => undefined)
    release()
  }
  t.strictSame(sessionHandles.sessionIds(), [])
})

await t.test('a stream ends with the session of its user', async (t) => {
  const { bind, sessionHandles, ends } = createHouse()
  const release = await bind()
  t.equal(sessionHandles.count('session-1'), 1)
  const ended = { id: 'session-1', userId: 'user-1', reason: 'ended_by_admin' } as const
  t.equal(sessionHandles.end([ended]), 1)
  t.match(ends, [{ code: 'UNAUTHENTICATED', reason: 'ended_by_admin' }])
  release()
  t.equal(sessionHandles.count('session-1'), 0)
})

await t.test('a stream ends with the access token of its user', async (t) => {
  const { bind, ends } = createHouse(undefined, 5)
  await bind()
  await waitFor('the end', () => ends.length === 1)
  t.match(ends, [{ code: 'UNAUTHENTICATED', reason: 'token_expired' }])
})

await t.test('a stream that was let go is not ended any more', async (t) => {
  const { bind, sessionHandles, ends } = createHouse()
  const release = await bind()
  release()
  sessionHandles.end([{ id: 'session-1', userId: 'user-1', reason: 'logged_out' }])
  t.strictSame(ends, [])
})

await t.test('a stream does not begin when the session ended before it was bound', async (t) => {
  const over = unauthenticated('ended_by_user', 'Over.')
  const { bind, sessionHandles } = createHouse(() => Promise.reject(over))
  await t.rejects(bind(), over)
  t.equal(sessionHandles.count('session-1'), 0)
})
