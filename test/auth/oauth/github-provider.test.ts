import t, { type Test } from 'tap'
import { createGithubProvider } from '../../../src/auth/oauth/github-provider.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import {
  GITHUB_CLIENT,
  type GithubPerson,
  OCTOCAT,
  startGithubServer,
} from '../../helpers/oauth/github-server.js'
import { LIMITS, newRequest, settingsFor } from '../../helpers/oauth/provider-fixture.js'
import { sendJson } from '../../helpers/oauth/web-server.js'

const SCOPES = ['read:user', 'user:email']
const ANSWER_INVALID = { code: 'INVALID_ARGUMENT', reason: 'provider_answer_invalid' }

async function createHouse(t: Test) {
  const server = await startGithubServer(t)
  const logger = createMemoryLogger()
  const settings = settingsFor(server.url, { ...GITHUB_CLIENT, type: 'github', scopes: SCOPES })
  const provider = createGithubProvider({ settings, limits: LIMITS, logger })
  const signIn = async (
    person: GithubPerson = OCTOCAT,
    change: (query: URLSearchParams) => void = () => {},
  ) => {
    server.person = person
    const request = newRequest()
    const query = new URLSearchParams(server.authorize(await provider.authorizationUrl(request)))
    change(query)
    return provider.profileOf({ ...request, query: query.toString() })
  }
  return { server, logger, provider, signIn }
}

await t.test('provider sends the browser off with state and PKCE', async (t) => {
  const { server, provider } = await createHouse(t)
  const request = newRequest()
  const url = new URL(await provider.authorizationUrl(request))
  t.equal(url.origin + url.pathname, `${server.url}/login/oauth/authorize`)
  t.match(Object.fromEntries(url.searchParams), {
    client_id: GITHUB_CLIENT.clientId,
    scope: 'read:user user:email',
    state: request.state,
    code_challenge: /^[\w-]{43}$/,
    code_challenge_method: 'S256',
  })
  t.equal(url.searchParams.get('nonce'), null, 'there is no ID token to find it in')
})

await t.test('provider takes github.com apart from a server of its own', async (t) => {
  const settings = settingsFor('https://github.com', { type: 'github' })
  const deps = { settings, limits: LIMITS, logger: createMemoryLogger() }
  const url = await createGithubProvider(deps).authorizationUrl(newRequest())
  t.match(url, /^https:\/\/github\.com\/login\/oauth\/authorize\?/)
})

await t.test('provider gives the profile with the proved primary address', async (t) => {
  const { server, signIn } = await createHouse(t)
  t.strictSame(await signIn(), {
    providerId: '583231',
    email: 'octocat@example.com',
    isEmailVerified: true,
    username: 'octocat',
    displayName: 'The Octocat',
    avatarUrl: 'https://avatars.example.com/u/583231?v=4',
  })
  t.match(server.apiHeaders[0], {
    accept: 'application/vnd.github+json',
    'user-agent': /./,
    'x-github-api-version': '2022-11-28',
  })
})

await t.test(
  'provider believes only the primary address, and only when it is proved',
  async (t) => {
    const { signIn } = await createHouse(t)
    const withEmails = (...emails: object[]) => signIn({ ...OCTOCAT, emails: emails as never })
    const primary = { email: 'octocat@example.com', primary: true }
    t.match(await withEmails({ ...primary, verified: false }), { isEmailVerified: false })
    t.match(await withEmails({ ...primary, verified: 'true' }), { isEmailVerified: false })
    const nothing = { email: null, isEmailVerified: false }
    t.match(await withEmails({ email: 'x@example.com', primary: false, verified: true }), nothing)
    t.match(await withEmails(), nothing)
    t.match(await withEmails({ email: 3, primary: true, verified: true }), nothing)
    const nameless = await signIn({ ...OCTOCAT, user: { id: 7, login: 'x7', name: null } })
    t.match(nameless, { providerId: '7', displayName: 'x7', avatarUrl: null })
  },
)

await t.test('provider refuses an API that does not say who it is', async (t) => {
  const { server, signIn } = await createHouse(t)
  for (const id of [undefined, '583231', 1.5, -0.5, null, 2 ** 60]) {
    await t.rejects(signIn({ ...OCTOCAT, user: { id, login: 'x' } }), ANSWER_INVALID, String(id))
  }
  await t.rejects(signIn({ ...OCTOCAT, emails: {} as never }), ANSWER_INVALID)
  for (const path of ['/api/v3/user', '/api/v3/user/emails']) {
    server.answer = (asked, response) => {
      if (asked === path) sendJson(response, 403, { message: 'SECRET' })
      return asked === path
    }
    await t.rejects(signIn(), ANSWER_INVALID, `${path} is shut`)
    server.answer = (asked, response) => {
      if (asked === path) response.end('<html>')
      return asked === path
    }
    await t.rejects(signIn(), ANSWER_INVALID, `${path} is a page`)
    server.answer = (asked, response) => {
      if (asked === path) response.writeHead(503).end()
      return asked === path
    }
    await t.rejects(signIn(), { code: 'UNAVAILABLE', reason: 'provider_unavailable' })
  }
})

await t.test('provider refuses an answer that is not to its question', async (t) => {
  const { signIn, logger } = await createHouse(t)
  await t.rejects(
    signIn(OCTOCAT, (query) => query.set('state', 'other')),
    ANSWER_INVALID,
  )
  await t.rejects(
    signIn(OCTOCAT, (query) => query.set('iss', 'https://evil.test')),
    ANSWER_INVALID,
    'a mix-up',
  )
  await t.rejects(
    signIn(OCTOCAT, (query) => query.set('code', 'forged')),
    ANSWER_INVALID,
    'a code that GitHub does not know, refused with 200',
  )
  await t.rejects(
    signIn(OCTOCAT, (query) => query.set('error', 'access_denied')),
    { code: 'FAILED_PRECONDITION', reason: 'provider_denied' },
  )
  t.notMatch(JSON.stringify(logger.lines), /SECRET/)
})
