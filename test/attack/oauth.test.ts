/** Sign-in with a provider, by an attacker who is the provider, a page, or another browser. */
import t from 'tap'
import { call, PASSWORD } from '../helpers/http-client.js'
import { createBrowser } from '../helpers/oauth/browser.js'
import {
  type Behaviour,
  CLIENT_ID,
  CLIENT_SECRET,
  type Person,
  type RogueProvider,
  startRogueProvider,
} from '../helpers/oauth/rogue-provider.js'
import { openAttackHouse } from './house.js'

const rogue = await startRogueProvider(t)
const second = await startRogueProvider(t)

function providerKeys(name: string, provider: RogueProvider): Record<string, string> {
  return {
    [`signIn.providers.${name}.issuer`]: provider.issuer,
    [`signIn.providers.${name}.clientId`]: CLIENT_ID,
    [`signIn.providers.${name}.clientSecret`]: CLIENT_SECRET,
  }
}

const house = await openAttackHouse(t, {
  ...providerKeys('rogue', rogue),
  ...providerKeys('second', second),
})
const { http } = house

/** Leaves for a provider in a browser of its own: the way back, and what the browser then shows. */
async function leave(person: Person, returnTo = '/hello', name = 'rogue', provider = rogue) {
  const browser = createBrowser({ accept: 'application/json' })
  const start = `${http}/auth/login/${name}?returnTo=${encodeURIComponent(returnTo)}`
  const { url } = await browser.go(start, (target) => target.startsWith(provider.issuer))
  const callback = `${http}/auth/callback/${name}?${provider.authorize(url, person)}`
  const show = (target = callback, cookie = browser.cookies(http)) =>
    call('GET', target, { headers: { cookie } })
  return { browser, callback, show }
}

const INVALID_STATE = { status: 400, body: { reason: 'oauth_state_invalid' } }

/** Everything but the flow, which an answer uses up whether it is good or not. */
function accounts(): Promise<unknown> {
  return call('GET', `${http}/sessions`, { token: house.ada.accessToken }).then(({ body }) => body)
}

await t.test(
  'O-01 O-03 a state that is missing, unknown, used or of another browser',
  async (t) => {
    const { callback, show } = await leave({ sub: 'o-01' })
    const before = house.state()
    const other = await leave({ sub: 'o-03' })
    const changed = (change: (query: URLSearchParams) => void): string => {
      const url = new URL(callback)
      change(url.searchParams)
      return url.href
    }
    const flow = house.state()
    t.not(flow, before, 'a flow that was begun is kept')
    t.match(await show(changed((query) => query.delete('state'))), INVALID_STATE, 'missing')
    t.match(await show(changed((query) => query.set('state', 'a'.repeat(43)))), INVALID_STATE)
    t.match(await show(changed((query) => query.append('state', 'x'))), INVALID_STATE, 'two')
    t.match(await show(callback, ''), INVALID_STATE, 'no cookies')
    t.match(await show(callback, other.browser.cookies(http)), INVALID_STATE, 'another browser')
    const forged = other.browser.cookies(http).replace(/_oauth=.{4}/, '_oauth=AAAA')
    t.match(await show(callback, forged), INVALID_STATE, 'a forged cookie')
    t.equal(house.state(), flow, 'nothing changed')
    t.equal(rogue.tokenRequests.length, 0, 'no code was sent')
    t.match(await show(), { status: 303 })
    t.match(await show(), INVALID_STATE, 'used')
  },
)

await t.test('O-04 a mix-up: the state of one provider at the callback of the other', async (t) => {
  const { callback, show } = await leave({ sub: 'o-04' })
  const before = [rogue.tokenRequests.length, second.tokenRequests.length]
  const mixed = await show(callback.replace('/callback/rogue', '/callback/second'))
  t.match(mixed, INVALID_STATE)
  const again = await leave({ sub: 'o-04' })
  const foreign = again.callback.replace(/iss=[^&]+/, `iss=${encodeURIComponent(second.issuer)}`)
  t.match(await again.show(foreign), { status: 400, body: { reason: 'provider_answer_invalid' } })
  t.same([rogue.tokenRequests.length, second.tokenRequests.length], before, 'no code was sent')
  t.notMatch(again.browser.cookies(http), /_at=/)
})

await t.test(
  'O-06 O-08 an answer that fails a check makes no account and no session',
  async (t) => {
    const cases: Record<string, Behaviour> = {
      issuer: { claims: (claims) => ({ ...claims, iss: second.issuer }) },
      audience: { claims: (claims) => ({ ...claims, aud: 'other' }) },
      nonce: { claims: (claims) => ({ ...claims, nonce: 'other' }) },
      key: { foreignKey: true },
      expiry: { claims: (claims) => ({ ...claims, exp: 1 }) },
      'user info': { userInfo: (info) => ({ ...info, sub: 'victim' }) },
    }
    for (const [what, behaviour] of Object.entries(cases)) {
      const { show } = await leave({ sub: `o-06-${what.length}` })
      const before = await accounts()
      rogue.behaviour = behaviour
      const answer = await show()
      rogue.behaviour = {}
      t.equal(answer.status, 400, what)
      t.match(answer.body, { code: 'INVALID_ARGUMENT', reason: 'provider_answer_invalid' })
      t.notMatch(String(answer.headers['set-cookie']), /_at=|_rt=/)
      t.same(await accounts(), before)
    }
    const list = await call('POST', `${http}/auth/login`, {
      json: { username: 'o-06-5', password: PASSWORD },
    })
    t.equal(list.status, 401)
  },
)

await t.test('O-09 who registers the address of another before them shares nothing', async (t) => {
  const email = 'victim@example.com'
  const squat = { username: 'squatter', password: PASSWORD, email }
  t.equal((await call('POST', `${http}/auth/register`, { json: squat })).status, 201)
  const json = { username: email, password: PASSWORD }
  const attacker = await call('POST', `${http}/auth/login`, { json })
  t.equal(attacker.status, 200, 'so far it opens the account of the attacker')

  const { show, browser, callback } = await leave({ sub: 'victim', email, email_verified: true })
  await browser.go(callback)
  const me = await call('GET', `${http}/me`, { headers: { cookie: browser.cookies(http) } })
  t.match(me.body, { user: { email }, session: { method: 'oauth:rogue' } })
  const { user } = me.body as { user: { id: string } }
  const squatter = attacker.body as { user: { id: string }; accessToken: string }
  t.not(user.id, squatter.user.id)
  const again = await call('POST', `${http}/auth/login`, { json })
  t.equal(again.status, 401)
  t.match(again.body, { code: 'UNAUTHENTICATED', reason: 'credentials_invalid' })
  const own = await call('GET', `${http}/me`, { token: squatter.accessToken })
  t.match(own.body, { user: { username: 'squatter', email: null } })
  t.match(await show(), INVALID_STATE)
})

await t.test('O-10 an address that the provider has not proved opens nothing', async (t) => {
  const email = 'proved@example.com'
  const owner = await leave({ sub: 'o-10', email, email_verified: true })
  await owner.browser.go(owner.callback)
  const who = async (browser: typeof owner.browser) => {
    const { body } = await call('GET', `${http}/me`, {
      headers: { cookie: browser.cookies(http) },
    })
    return (body as { user: { id: string; email: string | null } }).user
  }
  const { id } = await who(owner.browser)
  for (const [index, email_verified] of [false, undefined, 'true', 1].entries()) {
    const sub = `o-10-${index}`
    const { browser, callback } = await leave({ sub, email, email_verified }, '/', 'second', second)
    await browser.go(callback)
    const stranger = await who(browser)
    t.not(stranger.id, id, String(email_verified))
    t.equal(stranger.email, null)
  }
  t.equal((await who(owner.browser)).email, email)
})

await t.test('O-11 the way back leads nowhere else', async (t) => {
  const evil = [
    ...[
      '//evil.test',
      '/\\evil.test',
      'https:evil.test',
      'https://evil.test',
      'javascript:alert(1)',
    ],
    ...[
      '@evil.test',
      '/a\r\nset-cookie: x=1',
      '/\t/evil.test',
      '/..//evil.test',
      `/${'a'.repeat(8000)}`,
    ],
  ]
  for (const returnTo of evil) {
    const { show } = await leave({ sub: 'o-11' }, returnTo)
    const { status, headers } = await show()
    t.equal(status, 303)
    t.equal(headers['location'], '/', JSON.stringify(returnTo.slice(0, 30)))
    t.notMatch(String(headers['set-cookie']), /x=1/)
  }
  const encoded = await leave({ sub: 'o-11' }, '/%2F%2Fevil.test')
  t.equal((await encoded.show()).headers['location'], '/%2F%2Fevil.test', 'still a path of ours')
})

await t.test('O-12 nobody adds to what the provider is asked', async (t) => {
  const before = house.state()
  for (const name of ['scope', 'redirect_uri', 'state', 'nonce', 'prompt', 'response_type']) {
    const { status, body } = await call('GET', `${http}/auth/login/rogue?${name}=x`)
    t.equal(status, 400, name)
    t.match(body, { code: 'INVALID_ARGUMENT', details: [{ path: `query.${name}` }] })
  }
  t.equal(house.state(), before)
})

await t.test('nothing of a provider is in the log', async (t) => {
  t.notMatch(house.log(), /eyJ|[?&]code=|[?&]state=|_oauth=|victim@example/)
  t.notOk(house.log().includes(CLIENT_SECRET))
})
