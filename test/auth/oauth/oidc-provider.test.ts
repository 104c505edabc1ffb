import { createHash, createHmac } from 'node:crypto'
import t, { type Test } from 'tap'
import { createOidcProvider } from '../../../src/auth/oauth/oidc-provider.js'
import type { AuthorizationRequest } from '../../../src/domain/identity-provider.js'
import { createFakeClock } from '../../helpers/fake-clock.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { LIMITS, newRequest, settingsFor } from '../../helpers/oauth/provider-fixture.js'
import {
  type Behaviour,
  CLIENT_ID,
  CLIENT_SECRET,
  type Person,
  startRogueProvider,
} from '../../helpers/oauth/rogue-provider.js'

const ADA: Person = {
  sub: 'person-1',
  email: 'ada@example.com',
  email_verified: true,
  preferred_username: 'ada',
  name: 'Ada Lovelace',
  picture: 'https://example.com/ada.png',
}
const ANSWER_INVALID = {
  code: 'INVALID_ARGUMENT',
  reason: 'provider_answer_invalid',
  message: 'The answer of the sign-in provider is not valid; start again.',
}
const REFUSED = { code: 'FAILED_PRECONDITION', reason: 'provider_refused' }
const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'provider_unavailable' }
const MISCONFIGURED = { code: 'FAILED_PRECONDITION', reason: 'provider_misconfigured' }

/** The same members but one. */
function without(name: string) {
  return (members: Record<string, unknown>): Record<string, unknown> =>
    Object.fromEntries(Object.entries(members).filter(([key]) => key !== name))
}

async function createHouse(t: Test, behaviour: Behaviour = {}, limits = LIMITS) {
  const rogue = await startRogueProvider(t)
  rogue.behaviour = behaviour
  const clock = createFakeClock(Date.now())
  const logger = createMemoryLogger()
  const settings = settingsFor(rogue.issuer)
  const provider = createOidcProvider({ settings, limits, clock, logger })
  const signIn = async (
    person: Person = ADA,
    change: (query: URLSearchParams) => void = () => {},
    request: AuthorizationRequest = newRequest(),
  ) => {
    const url = await provider.authorizationUrl(request)
    const query = new URLSearchParams(rogue.authorize(url, person))
    change(query)
    return provider.profileOf({ ...request, query: query.toString() })
  }
  return { rogue, provider, clock, logger, signIn }
}

await t.test('provider sends the browser off with everything that binds the answer', async (t) => {
  const { rogue, provider } = await createHouse(t)
  const request = newRequest()
  const url = new URL(await provider.authorizationUrl(request))
  t.equal(url.origin + url.pathname, `${rogue.issuer}/authorize`)
  t.same(Object.fromEntries(url.searchParams), {
    client_id: CLIENT_ID,
    redirect_uri: request.redirectUri,
    response_type: 'code',
    scope: 'openid profile email',
    state: request.state,
    nonce: request.nonce,
    code_challenge: createHash('sha256').update(request.codeVerifier).digest('base64url'),
    code_challenge_method: 'S256',
  })
  t.notMatch(url.href, request.codeVerifier)
})

await t.test('provider gives the profile of who signed in', async (t) => {
  const { rogue, signIn } = await createHouse(t)
  t.strictSame(await signIn(), {
    providerId: 'person-1',
    email: 'ada@example.com',
    isEmailVerified: true,
    username: 'ada',
    displayName: 'Ada Lovelace',
    avatarUrl: 'https://example.com/ada.png',
  })
  t.match(rogue.tokenRequests[0]?.get('code_verifier'), /^[\w-]{43}$/)
  t.equal(rogue.tokenRequests[0]?.get('client_secret'), null, 'the secret is in the header')
})

await t.test('provider takes an address as proved only from the boolean beside it', async (t) => {
  const { rogue, signIn } = await createHouse(t)
  for (const email_verified of [false, undefined, 'true', 1, null]) {
    const profile = await signIn({ ...ADA, email_verified })
    t.match(profile, { email: 'ada@example.com', isEmailVerified: false }, String(email_verified))
  }
  // An address of the user info does not borrow the proof of the one in the ID token.
  rogue.behaviour = { userInfo: ({ sub }) => ({ sub, email: 'eve@example.com' }) }
  t.match(await signIn(), { email: 'eve@example.com', isEmailVerified: false })
  rogue.behaviour = { userInfo: ({ sub }) => ({ sub }) }
  t.match(await signIn(), {
    email: 'ada@example.com',
    isEmailVerified: true,
    displayName: ADA['name'],
  })
  const bare = await signIn({ sub: 'x', email: 3, name: ['y'], picture: {} })
  const nothing = { email: null, isEmailVerified: false, username: null, displayName: null }
  t.strictSame(bare, { providerId: 'x', ...nothing, avatarUrl: null })
})

await t.test('provider without user info goes by the ID token', async (t) => {
  const { rogue, signIn } = await createHouse(t, {
    metadata: without('userinfo_endpoint'),
  })
  t.match(await signIn(), { providerId: 'person-1', isEmailVerified: true })
  t.notOk(rogue.asked.includes('/userinfo'))
})

await t.test('provider sends its secret as the discovery document says', async (t) => {
  const { rogue, signIn } = await createHouse(t, {
    metadata: (document) => ({
      ...document,
      token_endpoint_auth_methods_supported: ['client_secret_post'],
    }),
  })
  await signIn()
  t.equal(rogue.tokenRequests[0]?.get('client_secret'), CLIENT_SECRET)
  const { rogue: other } = await createHouse(t)
  const settings = settingsFor(other.issuer, { clientSecret: null })
  const clock = createFakeClock(Date.now())
  const deps = { settings, limits: LIMITS, clock, logger: createMemoryLogger() }
  const open = createOidcProvider(deps)
  const request = newRequest()
  const query = other.authorize(await open.authorizationUrl(request), ADA)
  await open.profileOf({ ...request, query })
  t.equal(other.tokenRequests[0]?.get('client_id'), CLIENT_ID)
  t.equal(other.tokenRequests[0]?.get('client_secret'), null, 'a public client has none')
})

await t.test('provider refuses an ID token with anything wrong', async (t) => {
  const { rogue, signIn, logger } = await createHouse(t)
  const now = Math.floor(Date.now() / 1000)
  const unsigned = (alg: string) => (token: string) => {
    const header = Buffer.from(JSON.stringify({ alg })).toString('base64url')
    return `${header}.${token.split('.')[1]}.`
  }
  const hmac = (token: string): string => {
    const header = Buffer.from('{"alg":"HS256"}').toString('base64url')
    const body = `${header}.${token.split('.')[1]}`
    return `${body}.${createHmac('sha256', CLIENT_SECRET).update(body).digest('base64url')}`
  }
  const tampered = (token: string): string => {
    const [header, payload = '', signature] = token.split('.')
    const claims = JSON.parse(Buffer.from(payload, 'base64url').toString()) as object
    const changed = Buffer.from(JSON.stringify({ ...claims, sub: 'victim' })).toString('base64url')
    return `${header}.${changed}.${signature}`
  }
  const cases: Record<string, Behaviour> = {
    'another issuer': { claims: (claims) => ({ ...claims, iss: 'https://evil.test' }) },
    'an issuer with a slash': { claims: (c) => ({ ...c, iss: `${String(c['iss'])}/` }) },
    'another audience': { claims: (claims) => ({ ...claims, aud: 'somebody else' }) },
    'a second audience, for another party': {
      claims: (claims) => ({ ...claims, aud: [CLIENT_ID, 'other'], azp: 'other' }),
    },
    'another nonce': { claims: (claims) => ({ ...claims, nonce: 'other' }) },
    'no nonce': { claims: without('nonce') },
    'no subject': { claims: without('sub') },
    'no time of issue': { claims: without('iat') },
    'no expiry': { claims: without('exp') },
    'an expiry in the past': { claims: (claims) => ({ ...claims, exp: now - 60, iat: now - 99 }) },
    'a start in the future': { claims: (claims) => ({ ...claims, nbf: now + 300 }) },
    'a subject that is no text': { claims: (claims) => ({ ...claims, sub: 1 }) },
    'a subject that is too long': { claims: (claims) => ({ ...claims, sub: 'x'.repeat(192) }) },
    'a subject with control characters': { claims: (claims) => ({ ...claims, sub: 'a\nb' }) },
    'the hash of another access token': { claims: (c) => ({ ...c, at_hash: 'AAAA' }) },
    'a hash that is no text': { claims: (claims) => ({ ...claims, at_hash: 1 }) },
    'the key of somebody else': { foreignKey: true },
    'an unknown key': { header: (header) => ({ ...header, kid: 'unknown' }) },
    'no signature': { idToken: unsigned('none') },
    'no signature, shouted': { idToken: unsigned('NONE') },
    'an HMAC with the client secret': { idToken: hmac },
    'changed claims': { idToken: tampered },
    'a header to understand': { header: (header) => ({ ...header, crit: ['b64'], b64: true }) },
    'no form at all': { idToken: () => 'not a token' },
    'an encrypted form': { idToken: () => 'a.b.c.d.e' },
    nothing: { idToken: () => '' },
    'no key id, and two keys': {
      header: ({ alg }) => ({ alg }),
      keys: ([key]) => [key, { ...key, kid: 'twin' }],
    },
    'no keys': { keys: () => [] },
  }
  for (const [what, behaviour] of Object.entries(cases)) {
    rogue.behaviour = behaviour
    await t.rejects(signIn(), ANSWER_INVALID, what)
  }
  t.equal(logger.lines.length, Object.keys(cases).length, 'the log tells of each')
  t.match(logger.lines[0], {
    level: 'warn',
    fields: { provider: 'rogue', reason: 'provider_answer_invalid' },
  })
  t.notMatch(JSON.stringify(logger.lines), /ada@example|Ada Lovelace|eyJ|victim/)
  rogue.behaviour = {}
  await t.resolves(signIn(), 'and goes on')
})

await t.test('provider refuses user info of another person', async (t) => {
  const { rogue, signIn } = await createHouse(t)
  rogue.behaviour = { userInfo: (info) => ({ ...info, sub: 'victim' }) }
  await t.rejects(signIn(), ANSWER_INVALID)
  rogue.behaviour = { userInfo: without('sub') }
  await t.rejects(signIn(), ANSWER_INVALID, 'and of nobody')
})

await t.test('provider refuses an answer that is not to its question', async (t) => {
  const { rogue, signIn, provider } = await createHouse(t)
  const changes: Record<string, (query: URLSearchParams) => void> = {
    'another state': (query) => query.set('state', 'other'),
    'no state': (query) => query.delete('state'),
    'another issuer, as in a mix-up': (query) => query.set('iss', 'https://evil.test'),
    'no issuer, where one is promised': (query) => query.delete('iss'),
    'two issuers': (query) => query.append('iss', 'https://evil.test'),
    'no code': (query) => query.delete('code'),
    'two codes': (query) => query.append('code', 'other'),
    'an ID token in the query': (query) => query.set('id_token', 'x'),
    'a response of another mode': (query) => query.set('response', 'x'),
  }
  for (const [what, change] of Object.entries(changes)) {
    const before = rogue.tokenRequests.length
    await t.rejects(signIn(ADA, change), ANSWER_INVALID, what)
    t.equal(rogue.tokenRequests.length, before, `${what}: the code is not sent`)
  }
  const request = newRequest()
  const query = rogue.authorize(await provider.authorizationUrl(request), ADA)
  const other = { ...request, codeVerifier: newRequest().codeVerifier }
  await t.rejects(provider.profileOf({ ...other, query }), REFUSED, 'another verifier')
})

await t.test('the nonce protects where the provider ignores PKCE', async (t) => {
  const { rogue, provider } = await createHouse(t, { ignoresPkce: true })
  const [victim, attacker] = [newRequest(), newRequest()]
  const stolen = new URLSearchParams(rogue.authorize(await provider.authorizationUrl(victim), ADA))
  stolen.set('state', attacker.state)
  const query = stolen.toString()
  await t.rejects(provider.profileOf({ ...attacker, query }), ANSWER_INVALID)
})

await t.test('a code is good once', async (t) => {
  const { rogue, provider } = await createHouse(t)
  const request = newRequest()
  const query = rogue.authorize(await provider.authorizationUrl(request), ADA)
  await provider.profileOf({ ...request, query })
  await t.rejects(provider.profileOf({ ...request, query }), REFUSED)
})

await t.test('provider errors become ours, and their texts stay out', async (t) => {
  const { rogue, signIn, logger } = await createHouse(t)
  const errorOf = (error: string) => (query: URLSearchParams) => {
    query.delete('code')
    query.set('error', error)
    query.set('error_description', 'SECRET DETAILS')
  }
  const denied = { code: 'FAILED_PRECONDITION', reason: 'provider_denied' }
  await t.rejects(signIn(ADA, errorOf('access_denied')), denied)
  await t.rejects(signIn(ADA, errorOf('login_required')), denied)
  await t.rejects(signIn(ADA, errorOf('server_error')), UNAVAILABLE)
  await t.rejects(signIn(ADA, errorOf('temporarily_unavailable')), UNAVAILABLE)
  await t.rejects(signIn(ADA, errorOf('invalid_scope')), REFUSED)
  await t.rejects(signIn(ADA, errorOf('<script>\r\nset-cookie: x')), REFUSED)
  await t.rejects(
    signIn(ADA, (query) => query.set('code', 'forged')),
    REFUSED,
    'a code that the provider does not know',
  )
  rogue.behaviour = {
    answer: (path, response) => {
      if (path === '/userinfo') response.writeHead(401, { 'www-authenticate': 'Bearer' }).end()
      return path === '/userinfo'
    },
  }
  await t.rejects(signIn(), REFUSED, 'user info that is refused')
  const text = JSON.stringify(logger.lines)
  t.notMatch(text, /SECRET|script|set-cookie/)
  t.match(text, /invalid_grant/)
})

await t.test('provider asks for its discovery document once in ten minutes', async (t) => {
  const { rogue, signIn, clock } = await createHouse(t)
  await Promise.all([signIn(), signIn(), signIn()])
  const asks = () => rogue.asked.filter((path) => path.includes('.well-known')).length
  t.equal(asks(), 1)
  clock.advance(600_000)
  await signIn()
  t.equal(asks(), 2)
})

await t.test('a provider may change its key from one sign-in to the next', async (t) => {
  const { rogue, signIn } = await createHouse(t)
  await signIn()
  await rogue.rotateKey()
  await t.resolves(signIn())
})

await t.test('provider refuses a discovery document that is not that of its issuer', async (t) => {
  const { rogue, signIn } = await createHouse(t)
  const cases: Record<string, (document: Record<string, unknown>) => Record<string, unknown>> = {
    'another issuer': (document) => ({ ...document, issuer: 'https://evil.test' }),
    'a slash at the end': (document) => ({ ...document, issuer: `${rogue.issuer}/` }),
    'no issuer': without('issuer'),
    'an authorization endpoint that is a script': (document) => ({
      ...document,
      authorization_endpoint: 'javascript:alert(1)',
    }),
    'no authorization endpoint': without('authorization_endpoint'),
  }
  for (const [what, metadata] of Object.entries(cases)) {
    rogue.behaviour = { metadata }
    const error = await signIn().catch((thrown: unknown) => thrown)
    const { reason } = error as { reason: string }
    t.ok(/^provider_(?:misconfigured|answer_invalid)$/.test(reason), `${what}: ${reason}`)
    rogue.behaviour = {}
  }
  rogue.behaviour = { metadata: cases['a slash at the end'] ?? ((document) => document) }
  await t.rejects(signIn(), MISCONFIGURED, 'the library would let this one pass')
})

await t.test('provider is bounded in time and size, and follows nobody', async (t) => {
  const { rogue, signIn } = await createHouse(t, {}, { ...LIMITS, requestTimeoutMs: 400 })
  await signIn()
  const on = (path: string, answer: NonNullable<Behaviour['answer']>): Behaviour => ({
    answer: (asked, response, request) => asked === path && answer(asked, response, request),
  })
  const huge = 'x'.repeat(100_000)
  for (const path of ['/token', '/jwks', '/userinfo']) {
    rogue.behaviour = on(path, (_path, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ huge }))
      return true
    })
    await t.rejects(signIn(), UNAVAILABLE, `${path} is huge`)
    rogue.behaviour = on(path, (_path, response) => {
      response.writeHead(200, { 'content-type': 'application/json' })
      const timer = setInterval(() => response.write(' '), 5)
      response.once('close', () => clearInterval(timer))
      return true
    })
    await t.rejects(signIn(), UNAVAILABLE, `${path} never ends`)
    rogue.behaviour = on(path, () => true)
    await t.rejects(signIn(), UNAVAILABLE, `${path} says nothing`)
    rogue.behaviour = on(path, (_path, response) => {
      response.writeHead(302, { location: `${rogue.issuer}${path}` }).end()
      return true
    })
    const before = rogue.asked.filter((asked) => asked === path).length
    await t.rejects(signIn(), ANSWER_INVALID, `${path} leads in circles`)
    t.equal(rogue.asked.filter((asked) => asked === path).length, before + 1, 'asked once')
    rogue.behaviour = on(path, (_path, response) => {
      response.writeHead(500).end('SECRET STACK')
      return true
    })
    await t.rejects(signIn(), UNAVAILABLE, `${path} fails`)
    rogue.behaviour = on(path, (_path, response) => {
      response.writeHead(200, { 'content-type': 'application/json' }).end('<html>')
      return true
    })
    await t.rejects(signIn(), ANSWER_INVALID, `${path} is no JSON`)
  }
  rogue.behaviour = {}
  await t.resolves(signIn(), 'and goes on')
})

await t.test('provider cannot point to an internal host that is not its own', async (t) => {
  for (const host of ['localhost', '[::1]', '169.254.169.254']) {
    const { rogue, signIn } = await createHouse(t)
    const { port } = new URL(rogue.issuer)
    rogue.behaviour = {
      metadata: (document) => ({ ...document, jwks_uri: `http://${host}:${port}/jwks` }),
    }
    await t.rejects(signIn(), UNAVAILABLE, host)
    t.notOk(rogue.asked.includes('/jwks'), 'nobody was dialled')
  }
})
