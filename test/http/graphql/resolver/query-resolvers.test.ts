import t from 'tap'
import { createQueryResolvers } from '../../../../src/http/graphql/resolver/query-resolvers.js'
import { ALICE, createFakeSessions } from '../../../helpers/http-fakes.js'

const asked: unknown[] = []
const resolvers = createQueryResolvers({
  accounts: {
    findById: async () => ALICE,
    slice: async (query) => {
      asked.push(query)
      return { edges: [{ cursor: 'c1', user: ALICE }], hasPrevious: false, hasNext: true }
    },
  },
  sessions: createFakeSessions(),
})
type Users = (root: unknown, args: object) => Promise<unknown>
const users = (args: object) => (resolvers['users'] as unknown as Users)(null, args)

await t.test('user is the caller, who is asked for as /me does, or another one', async (t) => {
  const log: string[] = []
  const { user } = createQueryResolvers({
    accounts: {
      findById: async (id) => {
        log.push(`account ${id}`)
        return { ...ALICE, id }
      },
      slice: () => Promise.reject(new Error('not asked')),
    },
    sessions: {
      ...createFakeSessions(),
      current: async (principal) => {
        log.push(`current ${principal.userId}`)
        return createFakeSessions().current(principal)
      },
    },
  })
  const principal = { userId: 'user-1', role: 'admin', sessionId: 'session-1' }
  const context = { caller: () => ({ principal, failure: null }) }
  const ask = (args: object, asker: object = context) =>
    (user as unknown as (root: null, args: object, context: object) => Promise<unknown>)(
      ...([null, args, asker] as const),
    )
  t.strictSame(await ask({}), ALICE)
  t.strictSame(await ask({ id: 'user-1' }), ALICE)
  t.match(await ask({ id: 'user-2' }), { id: 'user-2' })
  t.strictSame(log, ['current user-1', 'current user-1', 'account user-2'])
  const nobody = { caller: () => ({ principal: null, failure: null }) }
  await t.rejects(ask({}, nobody), { code: 'UNAUTHENTICATED', reason: 'credentials_missing' })
})

await t.test('users asks for the part of the list that the arguments say', async (t) => {
  for (const [args, query] of [
    [{}, { limit: 20, from: 'start' }],
    [
      { first: 5, after: 'c' },
      { limit: 5, from: 'start', after: 'c' },
    ],
    [
      { last: 5, before: 'c' },
      { limit: 5, from: 'end', before: 'c' },
    ],
    [
      { first: null, last: 3, after: null },
      { limit: 3, from: 'end' },
    ],
  ] as const) {
    t.strictSame(await users(args), {
      edges: [{ cursor: 'c1', node: ALICE }],
      pageInfo: { hasNextPage: true, hasPreviousPage: false, startCursor: 'c1', endCursor: 'c1' },
    })
    t.strictSame(asked.pop(), query)
  }
})

await t.test('user asks the store only for somebody else', async (t) => {
  const context = {
    caller: () => ({
      principal: { userId: ALICE.id, sessionId: 's-1', role: 'user' },
      failure: null,
    }),
  }
  const bob = { ...ALICE, id: 'id-bob', username: 'bob' }
  const found: string[] = []
  const resolver = createQueryResolvers({
    accounts: {
      findById: async (id) => {
        found.push(id)
        return bob
      },
      slice: async () => ({ edges: [], hasPrevious: false, hasNext: false }),
    },
    sessions: createFakeSessions(),
  })['user'] as unknown as (root: unknown, args: object, context: object) => Promise<unknown>
  for (const args of [{}, { id: null }, { id: ALICE.id }]) {
    t.strictSame(await resolver(null, args, context), ALICE)
  }
  t.strictSame(found, [])
  t.strictSame(await resolver(null, { id: 'id-bob' }, context), bob)
  t.strictSame(found, ['id-bob'])
})

await t.test('users refuses pages that are none', async (t) => {
  for (const [args, path] of [
    [{ first: 1, last: 1 }, 'first'],
    [{ first: 0 }, 'first'],
    [{ last: -1 }, 'last'],
    [{ last: 201 }, 'last'],
  ] as const) {
    await t.rejects(users(args), {
      code: 'INVALID_ARGUMENT',
      reason: 'pagination_invalid',
      details: [{ path }],
    })
  }
})
