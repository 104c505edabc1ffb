import { serverAudits } from 'graphql-http'
import t from 'tap'
import {
  ask,
  cookieOf,
  openBrowser,
  openGraphqlHouse,
  reasons,
  signIn,
} from '../../helpers/graphql-house.js'
import { call } from '../../helpers/http-client.js'

const house = await openGraphqlHouse(t)
const { url } = house
const endpoint = `${url}/graphql`
const GRAPHQL = 'application/graphql-response+json'

await t.test(
  'the audits of graphql-http that are a MUST pass, and those that are a SHOULD',
  async (t) => {
    for (const audit of serverAudits({ url: endpoint, fetchFn: fetch })) {
      const result = await audit.fn()
      const reason = 'reason' in result ? result.reason : ''
      if (audit.name.startsWith('MUST')) t.equal(result.status, 'ok', `${audit.name} ${reason}`)
      else t.not(result.status, 'error', `${audit.name} ${reason}`)
      if (result.status !== 'ok') t.comment(`${result.status}: ${audit.id} ${audit.name} ${reason}`)
    }
  },
)

await t.test('POST answers a query, and a GET the same', async (t) => {
  const posted = await ask(url, '{ auth { authorized } }')
  t.equal(posted.status, 200)
  t.strictSame(posted.data, { auth: { authorized: false } })
  t.equal(posted.headers['cache-control'], 'no-store')
  const got = await call('GET', `${endpoint}?query=${encodeURIComponent('{auth{authorized}}')}`)
  t.strictSame(got.body, { data: { auth: { authorized: false } } })
  const named = new URLSearchParams({
    query:
      'query A($n: Int) { auth { method } users(first: $n) { totalCount } } query B { auth { clientId } }',
    operationName: 'A',
    variables: '{"n":1}',
  })
  t.match((await call('GET', `${endpoint}?${named.toString()}`)).body, {
    data: { auth: { method: null } },
  })
})

await t.test('a GET changes nothing, also when the text holds a query too', async (t) => {
  const mutation = 'mutation M { logout { ended } } query Q { auth { authorized } }'
  for (let i = 0; i < 3; i += 1) {
    const params = new URLSearchParams({ query: mutation, operationName: 'M' })
    const answer = await call('GET', `${endpoint}?${params.toString()}`)
    t.equal(answer.status, 405)
    t.equal(answer.headers['allow'], 'POST')
    t.match(answer.body, { errors: [{ extensions: { reason: 'method_not_allowed' } }] })
    // The compiled program of one operation must never stand in for the other.
    const query = await call(
      'GET',
      `${endpoint}?${new URLSearchParams({ query: mutation, operationName: 'Q' }).toString()}`,
    )
    t.strictSame(query.body, { data: { auth: { authorized: false } } })
  }
  for (const method of ['PUT', 'PATCH', 'DELETE']) {
    const answer = await call(method, endpoint)
    t.match([answer.status, answer.headers['allow']], [405, 'GET, POST'])
  }
})

await t.test('a refused query is 200 in JSON and 400 in the new type', async (t) => {
  for (const [accept, status] of [
    ['application/json', 200],
    [GRAPHQL, 400],
  ] as const) {
    const answer = await ask(url, '{ nope }', { headers: { accept } })
    t.equal(answer.status, status)
    t.equal(answer.headers['content-type'], `${accept}; charset=utf-8`)
    t.match(answer.errors, [{ extensions: { code: 'BAD_USER_INPUT', reason: 'query_invalid' } }])
    t.equal(answer.data, undefined)
  }
  const partial = await ask(url, '{ user { id } auth { authorized } }', {
    headers: { accept: GRAPHQL },
  })
  t.equal(partial.status, 200)
  t.match(partial.data, { user: null, auth: { authorized: false } })
})

await t.test('what is no GraphQL request is refused in the shape of GraphQL', async (t) => {
  const post = async (body: string, headers: Record<string, string> = {}) => {
    const response = await fetch(endpoint, {
      ...{ method: 'POST', body },
      headers: { 'content-type': 'application/json', ...headers },
    })
    const { errors } = (await response.json()) as { errors: { extensions: { reason: string } }[] }
    return [response.status, errors[0]?.extensions.reason]
  }
  t.strictSame(await post('{'), [400, 'json_malformed'])
  t.strictSame(await post('{}'), [400, 'invalid_argument'])
  t.strictSame(await post('"text"'), [400, 'invalid_argument'])
  t.strictSame(await post(''), [400, 'invalid_argument'])
  t.strictSame(await post('{"query":"{a}","__proto__":{}}'), [400, 'json_malformed'])
  t.strictSame(await post('{ auth }', { 'content-type': 'application/graphql' }), [
    415,
    'unsupported_media_type',
  ])
  t.strictSame(await post('query=1', { 'content-type': 'application/x-www-form-urlencoded' }), [
    415,
    'unsupported_media_type',
  ])
  t.strictSame(await post(JSON.stringify({ query: 'x'.repeat(70_000) })), [413, 'too_large'])
  t.strictSame(await post('{"query":"{auth{method}}"}', { accept: 'text/html' }), [
    406,
    'not_acceptable',
  ])
})

await t.test('limits: depth, aliases, cost, tokens, subscriptions', async (t) => {
  const { accessToken: token } = await signIn(url, 'lim')
  const aliases = Array.from({ length: 21 }, (_, i) => `a${i}: method`).join(' ')
  for (const [query, reason] of [
    [`{ auth { ${aliases} } }`, 'query_too_many_aliases'],
    [`{ auth { ${'method '.repeat(2_000)} } }`, 'query_too_long'],
    [
      '{ users(first: 200) { edges { node { id username sessions { id method } } } } }',
      'query_too_costly',
    ],
    ['subscription { auth { authorized } }', 'subscription_not_supported'],
  ] as const) {
    const answer = await ask(url, query, { token })
    t.strictSame(reasons(answer), [reason])
    t.equal(answer.data, undefined)
  }
  const deep = `{ __type(name: "User") { ${'fields { type { ofType { '.repeat(2)} name ${'} } }'.repeat(2)} } }`
  t.strictSame(reasons(await ask(url, deep)), [], 'introspection is bounded by its length')
})

await t.test('a list of queries is answered in order; a mutation in it is not done', async (t) => {
  const query = '{ auth { authorized } }'
  const mutation = `mutation { login(username: "lim", password: "x") { accessToken } }`
  const list = await call('POST', endpoint, {
    json: [{ query }, { query: mutation }, { query: '{' }],
  })
  t.match(JSON.parse(list.text), [
    { data: { auth: { authorized: false } } },
    { errors: [{ extensions: { reason: 'batch_mutation' } }] },
    { errors: [{ extensions: { reason: 'query_malformed' } }] },
  ])
  for (const json of [[], Array.from({ length: 11 }, () => ({ query }))]) {
    const answer = await call('POST', endpoint, { json })
    t.match(
      [answer.status, answer.body],
      [400, { errors: [{ extensions: { reason: 'batch_too_large' } }] }],
    )
  }
})

await t.test('aliases do not multiply attempts to sign in', async (t) => {
  const tries = ['a', 'b', 'c'].map(
    (key) => `${key}: login(username: "lim", password: "guess-${key}") { accessToken }`,
  )
  const answer = await ask(url, `mutation { ${tries.join(' ')} }`)
  t.strictSame(reasons(answer), Array(3).fill('mutation_not_combinable'))
  t.strictSame(answer.data, { a: null, b: null, c: null })
})

await t.test('another site cannot ask, and a cookie needs our own page', async (t) => {
  const { cookies } = await signIn(url, 'kim', {
    ...{ useCookies: true, headers: { 'sec-fetch-site': 'same-origin' } },
  })
  const mutation = 'mutation { logout { ended } }'
  for (const headers of [
    { cookie: cookies, 'sec-fetch-site': 'cross-site' },
    { cookie: cookies, origin: 'https://evil.example' },
    { cookie: cookies },
    { 'sec-fetch-site': 'cross-site' },
  ]) {
    const answer = await ask(url, mutation, { headers })
    t.equal(answer.status, 403)
    t.strictSame(reasons(answer), ['cross_site_request'])
  }
  const own = { cookie: cookies, 'sec-fetch-site': 'same-origin' }
  t.match((await ask(url, '{ auth { authorized user { username } } }', { headers: own })).data, {
    auth: { authorized: true, user: { username: 'kim' } },
  })
})

await t.test('credentials: none, dead, forged, ambiguous', async (t) => {
  const one = await signIn(url, 'cred')
  const two = await signIn(url, 'cred', {
    ...{ isNew: false, useCookies: true, headers: { 'sec-fetch-site': 'same-origin' } },
  })
  const state = '{ auth { authorized reason } }'
  t.match((await ask(url, state, { token: 'nonsense' })).data, {
    auth: { authorized: false, reason: 'token_malformed' },
  })
  await house.core.sessions.endAsAdmin({ sessionId: one.sessionId })
  t.match((await ask(url, state, { token: one.accessToken })).data, {
    auth: { authorized: false, reason: 'ended_by_admin' },
  })
  const dead = await ask(url, '{ user { id } }', { token: one.accessToken })
  t.match(dead.errors, [{ extensions: { code: 'UNAUTHENTICATED', reason: 'ended_by_admin' } }])
  const three = await signIn(url, 'cred', { isNew: false })
  const both = await ask(url, state, {
    token: three.accessToken,
    headers: { cookie: two.cookies, 'sec-fetch-site': 'same-origin' },
  })
  t.equal(both.status, 400)
  t.strictSame(reasons(both), ['credentials_ambiguous'])
})

await t.test(
  'a tab token is given once, renewed never twice, and good in its browser only',
  async (t) => {
    const [mine, other] = [await openBrowser(url), await openBrowser(url)]
    const token = await mine.openTab()
    const state = '{ a: auth { sessionId } auth { sessionId clientId } }'
    const again = await ask(url, state, { headers: { cookie: mine.cookie, 'session-id': token } })
    t.match(again.data, { auth: { sessionId: null, clientId: mine.clientId } })
    t.equal(cookieOf(again.headers), '', 'and the browser keeps its label')
    const stolen = await ask(url, state, { headers: { cookie: other.cookie, 'session-id': token } })
    t.equal(stolen.status, 403)
    t.strictSame(reasons(stolen), ['tab_foreign'])
    const alone = await ask(url, state, { headers: { 'session-id': token } })
    t.strictSame([alone.status, ...reasons(alone)], [403, 'tab_foreign'])
    const forged = `${token.slice(0, -6)}AAAAAA`
    const refused = await ask(url, state, {
      headers: { cookie: mine.cookie, 'session-id': forged },
    })
    t.equal(refused.status, 401)
    t.strictSame(reasons(refused), ['token_signature_invalid'])
    // A session of that client stands in for the cookie, as for a page that leaves its cookies out.
    const { accessToken } = await signIn(url, 'tabby', {
      headers: { cookie: mine.cookie, 'session-id': token },
    })
    const bearer = await ask(url, state, { token: accessToken, headers: { 'session-id': token } })
    t.match(bearer.data, { auth: { sessionId: null, clientId: mine.clientId } })
  },
)
