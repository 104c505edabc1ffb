import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import { BROWSER, createOauthHouse, OCTOCAT, ORIGIN, stateOf } from '../helpers/oauth-house.js'
import { LAPTOP, PHONE } from '../helpers/session-house.js'

const STATE_INVALID = { code: 'INVALID_ARGUMENT', reason: 'oauth_state_invalid' }
const NO_PROVIDER = {
  code: 'NOT_FOUND',
  reason: 'provider_not_found',
  message: 'There is no such sign-in provider.',
}

await t.test('providers are offered by name and label', async (t) => {
  const { oauth } = createOauthHouse()
  t.same(oauth.providers(), [
    { name: 'github', label: 'GitHub' },
    { name: 'sso', label: 'Single Sign-On' },
  ])
})

await t.test('a sign-in starts a session as a password does', async (t) => {
  const { signIn, github, authenticate, sessions, auditLog } = createOauthHouse()
  const { signIn: done, returnTo, failure } = await signIn(github)
  t.equal(failure, null)
  t.equal(returnTo, '/app')
  t.match(done, { user: { username: 'octocat' }, expiresInSeconds: 600 })
  const principal = await authenticate(done?.accessToken ?? '')
  t.match(await sessions.list(principal), [{ method: 'oauth:github', clientId: 'laptop' }])
  t.match(auditLog.events.at(-1), {
    type: 'session.started',
    data: { method: 'oauth:github', remember: true },
  })
  t.match(await sessions.refresh(done?.refreshToken ?? '', LAPTOP), {
    sessionId: principal.sessionId,
  })
})

await t.test('the provider gets the secrets of the flow and the query as it came', async (t) => {
  const { leave, comeBack, github } = createOauthHouse()
  const state = await leave('github')
  await comeBack('github', state)
  t.match(github.answered, [
    {
      state,
      query: `code=c&state=${state}`,
      redirectUri: `${ORIGIN}/auth/callback/github`,
      nonce: /^[\w-]{43}$/,
      codeVerifier: /^[\w-]{43}$/,
    },
  ])
})

await t.test('an answer that this browser did not ask for changes nothing', async (t) => {
  const { oauth, leave, comeBack, github, sso, users, auditLog } = createOauthHouse()
  const state = await leave('github')
  await t.rejects(comeBack('github', 'x'), STATE_INVALID, 'unknown')
  await t.rejects(comeBack('github', state, LAPTOP, 'browser-2'), STATE_INVALID, 'another browser')
  const without = (query: string) =>
    oauth.finish({ provider: 'github', query, browserId: BROWSER }, LAPTOP)
  await t.rejects(without('code=c'), STATE_INVALID, 'no state')
  await t.rejects(without(`state=${state}&state=${state}`), STATE_INVALID, 'two states')
  await t.rejects(
    oauth.finish({ provider: 'github', query: `state=${state}`, browserId: null }, LAPTOP),
    STATE_INVALID,
    'no cookie',
  )
  await t.resolves(comeBack('github', state), 'the flow itself is still good')
  await t.rejects(comeBack('github', state), STATE_INVALID, 'but once')
  await t.rejects(comeBack('sso', await leave('github')), STATE_INVALID, 'a mix-up')
  await t.rejects(comeBack('github', await leave('github'), PHONE), STATE_INVALID, 'another client')
  t.equal(github.answered.length, 1, 'no code was sent but the one')
  t.equal(sso.answered.length, 0)
  t.equal((await users.list({ limit: 10 })).users.length, 2)
  t.equal(auditLog.events.filter(({ type }) => type === 'session.started').length, 1)
})

await t.test('an unknown provider is not found, wherever it is named', async (t) => {
  const { leave, comeBack, oauth, login, authenticate } = createOauthHouse()
  await t.rejects(leave('nobody'), NO_PROVIDER)
  await t.rejects(comeBack('nobody', 'x'), NO_PROVIDER)
  const principal = await authenticate((await login()).accessToken)
  const start = { provider: 'toString', origin: ORIGIN, browserId: BROWSER, returnTo: '/' }
  await t.rejects(oauth.startLink(start, principal, LAPTOP), NO_PROVIDER)
})

await t.test('what the provider refuses is told with where to go, and written down', async (t) => {
  const { signIn, github, auditLog, users, flows } = createOauthHouse()
  const denied = new AppError('FAILED_PRECONDITION', 'provider_denied', 'No.')
  t.strictSame(await signIn(github, denied), { returnTo: '/app', signIn: null, failure: denied })
  t.match(auditLog.events, [
    {
      type: 'login.failed',
      userId: null,
      data: { clientId: 'laptop', method: 'oauth:github', reason: 'provider_denied' },
    },
  ])
  t.equal((await users.list({ limit: 10 })).users.length, 1)
  t.equal(flows.size, 0)
  github.profileOf = () => Promise.reject(new Error('a bug with a SECRET'))
  const { failure } = await signIn(github)
  t.match(failure, { code: 'INTERNAL', reason: 'internal' })
  t.notMatch(failure?.message, /SECRET/)
})

await t.test('a frozen user is refused', async (t) => {
  const { signIn, github, users } = createOauthHouse()
  const { signIn: first } = await signIn(github)
  await users.update({ afterCommit() {} }, first?.user.id ?? '', { state: 'frozen' })
  t.match(await signIn(github), {
    signIn: null,
    failure: { code: 'UNAUTHENTICATED', reason: 'user_frozen' },
  })
})

await t.test('the way back is a path of this site', async (t) => {
  const { leave, comeBack } = createOauthHouse()
  for (const evil of ['//evil.test', 'https://evil.test', '/\\evil.test', ['/a'], undefined]) {
    t.match(await comeBack('github', await leave('github', evil)), { returnTo: '/' })
  }
  t.match(await comeBack('github', await leave('github', '/a?b#c')), { returnTo: '/a?b#c' })
})

await t.test('a signed-in user links an account, sees it and unlinks it', async (t) => {
  const { oauth, github, login, authenticate, comeBack, auditLog } = createOauthHouse()
  const principal = await authenticate((await login()).accessToken)
  const start = { provider: 'github', origin: ORIGIN, browserId: BROWSER, returnTo: '/me' }
  t.same(await oauth.identities(principal), { identities: [], hasPassword: true })
  const before = auditLog.events.length
  const state = stateOf(await oauth.startLink(start, principal, LAPTOP))
  t.strictSame(await comeBack('github', state), { returnTo: '/me', signIn: null, failure: null })
  t.match(await oauth.identities(principal), {
    identities: [{ provider: 'github', label: 'GitHub' }],
    hasPassword: true,
  })
  t.equal(auditLog.events.length, before + 1, 'no session was started')
  github.answer = { ...OCTOCAT, providerId: 'other' }
  const again = stateOf(await oauth.startLink(start, principal, LAPTOP))
  t.match(await comeBack('github', again), { failure: { reason: 'provider_linked' } })
  await oauth.unlink(principal, 'github')
  t.same(await oauth.identities(principal), { identities: [], hasPassword: true })
  await t.rejects(oauth.unlink(principal, 'github'), {
    code: 'NOT_FOUND',
    reason: 'identity_not_found',
  })
})

await t.test('linking needs the session that began it to be alive still', async (t) => {
  const { oauth, sessions, login, authenticate, comeBack, identities } = createOauthHouse()
  const principal = await authenticate((await login()).accessToken)
  const start = { provider: 'github', origin: ORIGIN, browserId: BROWSER, returnTo: '/' }
  const state = stateOf(await oauth.startLink(start, principal, LAPTOP))
  await sessions.logout(principal)
  const over = { code: 'UNAUTHENTICATED', reason: 'logged_out' }
  t.match(await comeBack('github', state), { signIn: null, failure: over })
  t.equal(identities.rows.length, 0)
})

await t.test('a linked account of a provider that is gone keeps its name', async (t) => {
  const { oauth, identities, login, authenticate, users } = createOauthHouse()
  const principal = await authenticate((await login()).accessToken)
  const createdAt = 5
  identities.rows.push({ provider: 'old', providerId: '1', userId: principal.userId, createdAt })
  t.match(await oauth.identities(principal), {
    identities: [{ provider: 'old', label: 'old', linkedAt: createdAt }],
  })
  users.remove(principal.userId)
  await t.rejects(oauth.identities(principal), { code: 'NOT_FOUND', reason: 'user_not_found' })
})

await t.test('a sign-in of somebody who is frozen meanwhile ends and is a failure', async (t) => {
  const { signIn, github, users, sessionStore, auditLog, clock } = createOauthHouse()
  const { signIn: first } = await signIn(github)
  const userId = first?.user.id ?? ''
  const create = sessionStore.create.bind(sessionStore)
  sessionStore.create = async (session, policy) => {
    await users.update({ afterCommit: () => undefined }, userId, { state: 'frozen' })
    return create(session, policy)
  }
  const outcome = await signIn(github)
  const frozen = { code: 'UNAUTHENTICATED', reason: 'user_frozen' }
  t.match(outcome, { signIn: null, failure: frozen, returnTo: '/app' })
  const [alive] = await sessionStore.listByUser(userId, clock.now())
  t.equal(alive?.id, first?.sessionId, 'only the session that was there is left to the freezing')
  t.match(auditLog.events.slice(-2), [
    { type: 'session.ended', data: { reason: 'user_frozen' } },
    { type: 'login.failed', data: { method: 'oauth:github', reason: 'user_frozen' } },
  ])
})

await t.test('a sign-in reaches the tabs that the callback says it reaches', async (t) => {
  const { leave, comeBack, broker } = createOauthHouse()
  const client = { ...LAPTOP, reach: { kind: 'browser' } } as const
  const { signIn } = await comeBack('github', await leave('github'), client)
  const change = {
    ...{ type: 'signed_in', clientId: 'laptop', tabId: null },
    ...{ userId: signIn?.user.id, sessionId: signIn?.sessionId },
  }
  t.same(broker.asked.at(-1), { kind: 'auth_changed', request: { change } })
})
