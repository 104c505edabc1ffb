import type { FastifyReply, FastifyRequest } from 'fastify'
import t from 'tap'
import {
  createHttpContext,
  type HttpContextDeps,
  notAcceptable,
} from '../../../src/http/graphql/http-context.js'
import {
  ask,
  cookieOf,
  openBrowser,
  openGraphqlHouse,
  signIn,
} from '../../helpers/graphql-house.js'

await t.test('who has no session is labelled, who has one is known by it', async (t) => {
  const { url } = await openGraphqlHouse(t)
  const first = await ask(url, '{ auth { clientId } }')
  t.match(cookieOf(first.headers), /^_cid=/)
  const browser = await openBrowser(url)
  const again = await ask(url, '{ auth { clientId } }', { headers: { cookie: browser.cookie } })
  t.equal(cookieOf(again.headers), '')
  t.equal(again.data?.['auth']?.['clientId'], browser.clientId)
  const { accessToken } = await signIn(url, 'known', { headers: { cookie: browser.cookie } })
  const bearer = await ask(url, '{ auth { clientId authorized } }', { token: accessToken })
  t.match(bearer.data, { auth: { clientId: browser.clientId, authorized: true } })
  t.equal(cookieOf(bearer.headers), '')
})

await t.test('a cookie that came twice is a refusal in the shape of GraphQL', async (t) => {
  const { url } = await openGraphqlHouse(t)
  const headers = { cookie: '_at=a; _at=b', 'sec-fetch-site': 'same-origin' }
  const answer = await ask(url, '{ auth { clientId } }', { headers })
  t.equal(answer.status, 400)
  t.match(answer.errors, [{ extensions: { reason: 'cookie_duplicated' } }])
})

await t.test(
  'the only operation of a request is told of on its line while there is one',
  async (t) => {
    const principal = {
      userId: 'user-1',
      role: 'user',
      sessionId: 'session-1',
      clientId: 'client-1',
    }
    const headers = { authorization: 'Bearer abc' }
    const socket = { destroyed: false, remoteAddress: '127.0.0.1' }
    const raw = { headers, rawHeaders: ['Authorization', 'Bearer abc'], socket }
    const request = { id: 'r1', ip: '127.0.0.1', headers, raw, outcome: null }
    const deps = {
      authentication: { authenticate: async () => principal },
      cookies: {},
      tabs: { resolve: async (_token: null, [clientId]: [string]) => ({ id: 'tab-1', clientId }) },
    }
    const create = await createHttpContext(
      ...([deps, request, {}] as unknown as [HttpContextDeps, FastifyRequest, FastifyReply]),
    )
    t.equal(create(false).report, null, 'one of a list has a line of its own')
    const cause = new Error('disk')
    const line = {
      level: 'error',
      name: 'Who',
      type: 'query',
      reasons: ['internal'],
      cause,
    } as const
    const { report } = create(true)
    t.equal(report?.(line), true)
    t.strictSame(request.outcome, {
      level: 'error',
      fields: { operationName: 'Who', operationType: 'query', reasons: ['internal'], err: cause },
    })
    t.equal(report?.({ ...line, level: 'info', reasons: null, cause: undefined }), true)
    t.strictSame(request.outcome, {
      level: 'info',
      fields: { operationName: 'Who', operationType: 'query' },
    })
    socket.destroyed = true
    t.equal(report?.(line), false, 'the line of a caller who hung up is written already')
  },
)

await t.test('notAcceptable says what there is', async (t) => {
  t.match(notAcceptable(), { code: 'INVALID_ARGUMENT', reason: 'not_acceptable' })
})
