import t from 'tap'
import { type Principal, sessionOver } from '../../../src/domain/session.js'
import { AppError } from '../../../src/errors/app-error.js'
import { readAuthState } from '../../../src/http/graphql/auth-state.js'
import type { Caller, OperationContext } from '../../../src/http/graphql/operation-context.js'
import { ALICE, createFakeSessions, SESSION } from '../../helpers/http-fakes.js'

function contextOf(caller: Partial<Caller>): OperationContext {
  return {
    view: null,
    tab: { id: 'tab-1', clientId: 'client-1', needsToken: false },
    caller: () => ({ principal: null, failure: null, ...caller }),
  } as unknown as OperationContext
}

const PRINCIPAL: Principal = {
  ...{ userId: ALICE.id, role: 'user', sessionId: SESSION.id, clientId: 'client-1' },
  tokenExpiresAt: 0,
  session: SESSION,
}
const NOBODY = { clientId: 'client-1', authorized: false, method: null, user: null, reason: null }

await t.test('the state of who is signed in, and of who is not', async (t) => {
  const sessions = createFakeSessions()
  t.strictSame(await readAuthState(sessions, contextOf({ principal: PRINCIPAL })), {
    ...{ clientId: 'client-1', authorized: true, method: 'password', user: ALICE, reason: null },
  })
  t.strictSame(await readAuthState(sessions, contextOf({})), NOBODY)
  const failure = sessionOver('ended_by_user')
  t.strictSame(await readAuthState(sessions, contextOf({ failure })), {
    ...{ ...NOBODY, reason: 'ended_by_user' },
  })
})

await t.test(
  'a session that ends meanwhile is signed out; a store that is away is a failure',
  async (t) => {
    const over = { current: () => Promise.reject(sessionOver('user_deleted')) }
    t.match(await readAuthState(over, contextOf({ principal: PRINCIPAL })), {
      authorized: false,
      reason: 'user_deleted',
    })
    const away = new AppError('UNAVAILABLE', 'store_unavailable', 'Away.')
    const broken = { current: () => Promise.reject(away) }
    await t.rejects(readAuthState(broken, contextOf({ principal: PRINCIPAL })), {
      code: 'UNAVAILABLE',
      reason: 'store_unavailable',
    })
  },
)
