import { buildSchema } from 'graphql'
import t from 'tap'
import { closedGuard, declaredGuard, principalOf } from '../../../src/http/graphql/guard.js'
import type { Caller, OperationContext } from '../../../src/http/graphql/operation-context.js'
import { sessionOver } from '../../../src/domain/session.js'
import { sampleSession } from '../../contract/sample-session.js'

const schema = buildSchema(`
  directive @auth(requires: Requirement!, owner: String) on FIELD_DEFINITION
  enum Requirement { ANYONE ANONYMOUS USER ADMIN }
  type Query {
    none: String
    anyone: String @auth(requires: ANYONE)
    anonymous: String @auth(requires: ANONYMOUS)
    user: String @auth(requires: USER)
    admin: String @auth(requires: ADMIN)
    own(id: ID): String @auth(requires: ADMIN, owner: "id")
  }
`)

function guardOf(name: string) {
  const field = schema.getQueryType()?.getFields()[name]
  if (!field) throw new Error(`no field ${name}`)
  return declaredGuard(schema, field)
}

function contextOf(caller: Partial<Caller>): OperationContext {
  return { caller: () => ({ principal: null, failure: null, ...caller }) } as OperationContext
}

function signedIn(role: 'user' | 'admin'): OperationContext {
  return contextOf({
    principal: {
      ...{ userId: 'u1', role, sessionId: 's1', clientId: 'c1', tokenExpiresAt: 0 },
      session: sampleSession(),
    },
  })
}

const NOBODY = contextOf({})
const ENDED = contextOf({ failure: sessionOver('ended_by_admin') })

function verdict(name: string, context: OperationContext, args = {}, source: unknown = null) {
  try {
    guardOf(name)?.(context, args, source)
    return 'pass'
  } catch (error) {
    const { code, reason } = error as { code: string; reason: string }
    return `${code} ${reason}`
  }
}

await t.test('each requirement lets pass whom it says', async (t) => {
  const expected = {
    anyone: ['pass', 'pass', 'pass', 'pass'],
    anonymous: [
      'pass',
      'pass',
      'FAILED_PRECONDITION already_signed_in',
      'FAILED_PRECONDITION already_signed_in',
    ],
    user: ['UNAUTHENTICATED credentials_missing', 'UNAUTHENTICATED ended_by_admin', 'pass', 'pass'],
    admin: [
      'UNAUTHENTICATED credentials_missing',
      'UNAUTHENTICATED ended_by_admin',
      'PERMISSION_DENIED role_required',
      'pass',
    ],
  }
  for (const [name, verdicts] of Object.entries(expected)) {
    const contexts = [NOBODY, ENDED, signedIn('user'), signedIn('admin')]
    t.strictSame(
      contexts.map((context) => verdict(name, context)),
      verdicts,
      name,
    )
  }
})

await t.test('an owner passes by the argument as sent, or the object around', async (t) => {
  const ada = signedIn('user')
  t.equal(verdict('own', ada, { id: 'u1' }), 'pass')
  t.equal(verdict('own', ada, {}), 'pass')
  t.equal(verdict('own', ada, { id: null }), 'pass')
  t.equal(verdict('own', ada, { id: 'u2' }), 'PERMISSION_DENIED role_required')
  t.equal(verdict('own', ada, { id: 'U1' }), 'PERMISSION_DENIED role_required')
  t.equal(verdict('own', ada, {}, { id: 'u1' }), 'pass')
  t.equal(verdict('own', ada, {}, { id: 'u2' }), 'PERMISSION_DENIED role_required')
  t.equal(verdict('own', signedIn('admin'), { id: 'u2' }), 'pass')
  t.equal(verdict('own', NOBODY, {}), 'UNAUTHENTICATED credentials_missing')
})

await t.test('what declares nothing has no guard; the closed one lets nobody pass', async (t) => {
  t.equal(guardOf('none'), null)
  t.throws(() => closedGuard(signedIn('admin'), {}, null), {
    code: 'PERMISSION_DENIED',
    reason: 'field_closed',
  })
  t.equal(principalOf(signedIn('user')).userId, 'u1')
})
