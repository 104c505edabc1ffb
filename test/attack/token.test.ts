/** Tokens that an attacker shows, on every transport that takes one. */
import t from 'tap'
import { call } from '../helpers/http-client.js'
import { encode } from '../helpers/test-keys.js'
import { openAttackHouse } from './house.js'
import { tokenCases } from './token-corpus.js'
import { openTransports, type Transport, type Verdict } from './transport.js'

const FILE_TIMEOUT_MS = 120_000
t.setTimeout(FILE_TIMEOUT_MS)

const house = await openAttackHouse(t)
const transports = openTransports(t, house)

const IN_FLIGHT = 8
/** Codes with which what is no token at all may be refused besides. */
const CODES = ['UNAUTHENTICATED', 'INVALID_ARGUMENT', 'RESOURCE_EXHAUSTED']

/** What a transport says to each token, a few at a time, in their order. */
async function showAll(transport: Transport, tokens: readonly string[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < tokens.length; index = next++) {
      verdicts[index] = await transport.show(tokens[index] ?? '')
    }
  }
  await Promise.all(Array.from({ length: IN_FLIGHT }, worker))
  return verdicts
}

/** Whether it was refused, for one of the reasons or for one that only this transport has. */
function isRefused(transport: Transport, verdict: Verdict, reasons: readonly string[]): boolean {
  const { sessionId, code, reason } = verdict
  const isRight = reasons.includes(reason) || transport.ownReasons.includes(reason)
  return sessionId === null && CODES.includes(code) && isRight
}

await t.test('the right token is let in everywhere', async (t) => {
  for (const transport of transports) {
    for (const token of [house.ada.accessToken, house.craft({})]) {
      t.match(await transport.show(token), { sessionId: house.ada.sessionId }, transport.name)
    }
  }
})

for (const { title, tokens, reasons } of tokenCases(house)) {
  await t.test(title, async (t) => {
    const before = house.state()
    for (const transport of transports) {
      const carried = tokens.filter((token) => transport.canCarry(token))
      t.ok(carried.length > 0, `${transport.name} carries ${carried.length} of ${tokens.length}`)
      const verdicts = await showAll(transport, carried)
      const wrong = verdicts.flatMap((verdict, index) =>
        isRefused(transport, verdict, reasons)
          ? []
          : [{ ...verdict, token: carried[index]?.slice(0, 80) }],
      )
      t.strictSame(wrong, [], `${transport.name} refuses them, and says why`)
    }
    t.equal(house.state(), before, 'nothing changed')
  })
}

await t.test('J-07 10,000 unknown key ids ask the key directory once a cooldown', async (t) => {
  const { header, craft } = house
  const before = house.state()
  for (let index = 0; index < 10_000; index += 1) {
    const token = craft({ header: { ...header, kid: `unknown-${index}` } })
    if (index % 100 > 0) continue
    for (const transport of transports) {
      const verdict = await transport.show(token)
      t.ok(isRefused(transport, verdict, ['token_key_unknown']), transport.name)
    }
  }
  t.equal(house.state(), before)
})

await t.test('J-35 claims that are members of every object', async (t) => {
  const { claims, craft } = house
  const payload = JSON.stringify({
    ...claims,
    constructor: { prototype: { evil: 1 } },
    toString: 1,
  })
  const tokens = [
    craft({ payload }),
    craft({ payload: payload.replace('{', '{"__proto__":{"evil":1},') }),
  ]
  for (const transport of transports) {
    for (const token of tokens) {
      const { sessionId, reason } = await transport.show(token)
      t.ok(sessionId === house.ada.sessionId || reason === 'token_malformed', transport.name)
    }
  }
  t.equal(({} as Record<string, unknown>)['evil'], undefined)
})

await t.test('J-38 two headers, a scheme twice, a token in the query', async (t) => {
  const { http, ada } = house
  const answerTo = async (authorization: string | undefined, path = '/me') => {
    const headers = authorization === undefined ? {} : { authorization }
    const { status, body } = await call('GET', http + path, { headers })
    return { status, reason: body['reason'] }
  }
  const token = ada.accessToken
  t.match(await answerTo(`bearer ${token}`), { status: 200 }, 'the scheme has no case')
  const malformed = { status: 401, reason: 'credentials_malformed' }
  for (const header of [
    `Bearer Bearer ${token}`,
    `Bearer ${token}, Bearer ${token}`,
    token,
    'Bearer',
  ]) {
    t.match(await answerTo(header), malformed)
  }
  for (const name of ['access_token', 'token', 'authorization', 'bearer']) {
    const missing = { status: 401, reason: 'credentials_missing' }
    t.match(await answerTo(undefined, `/me?${name}=${token}`), missing)
  }
})

await t.test('J-39 a cookie and a bearer of two sessions', async (t) => {
  const { http, ada, eve } = house
  const before = house.state()
  const { status, body } = await call('GET', `${http}/me`, {
    token: ada.accessToken,
    headers: { cookie: `_at=${eve.accessToken}` },
  })
  t.equal(status, 400)
  t.match(body, { code: 'INVALID_ARGUMENT', reason: 'credentials_ambiguous' })
  t.equal(house.state(), before)
})

await t.test('J-30 a subject who is another user than that of the session', async (t) => {
  const { claims, craft, eve } = house
  const before = house.state()
  const token = craft({ payload: { ...claims, sub: eve.userId } })
  for (const transport of transports) {
    const verdict = await transport.show(token)
    t.ok(isRefused(transport, verdict, ['session_not_found']), transport.name)
  }
  t.equal(house.state(), before)
})

await t.test(
  'J-40 S-01 a session that ends is over on every transport with the next call',
  async (t) => {
    const { http, eve } = house
    for (const transport of transports) {
      t.match(await transport.show(eve.accessToken), { sessionId: eve.sessionId }, 'warm')
    }
    const ended = await call('DELETE', `${http}/sessions/${eve.sessionId}`, {
      token: eve.accessToken,
    })
    t.equal(ended.status, 200)
    for (const transport of transports) {
      t.match(
        await transport.show(eve.accessToken),
        { sessionId: null, code: 'UNAUTHENTICATED', reason: 'ended_by_user' },
        transport.name,
      )
    }
  },
)

await t.test('a refusal challenges, repeats nothing and explains nothing inside', async (t) => {
  const { http, craft, claims } = house
  const secret = 'SECRET-CLAIM'
  const tokens = [craft({ payload: { ...claims, aud: secret } }), `${encode(secret)}.a.b`]
  for (const token of tokens) {
    const { status, headers, text } = await call('GET', `${http}/me`, { token })
    t.equal(status, 401)
    t.equal(headers['www-authenticate'], 'Bearer error="invalid_token"')
    t.equal(headers['cache-control'], 'no-store')
    t.notMatch(text, /SECRET|at Object|\.js:|node_modules/)
    t.notOk(text.includes(token))
  }
  t.notOk(house.log().includes(secret))
})
