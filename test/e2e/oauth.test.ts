import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import t, { type Test } from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { type AppProcess, runApp, startApp } from '../helpers/app-process.js'
import { call, PASSWORD, registerAndLogin } from '../helpers/http-client.js'
import { type Browser, createBrowser, type Page } from '../helpers/oauth/browser.js'
import { GITHUB_CLIENT, OCTOCAT, startGithubServer } from '../helpers/oauth/github-server.js'
import { claimPort, releasePort } from '../helpers/server/free-port.js'

const isCallback = (url: string): boolean => url.includes('/auth/callback/')

/** The provider of the npm package in its own process. */
async function startProvider(t: Test, redirectUri: string) {
  const child = spawn(
    process.execPath,
    [`${PACKAGE_ROOT}dist/test/fixtures/oidc-provider.js`, redirectUri],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  t.teardown(async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGKILL')
      await once(child, 'close')
    }
  })
  const [issuer] = (await once(createInterface({ input: child.stdout }), 'line')) as [string]
  return { issuer, child }
}

async function startHouse(t: Test) {
  const port = await claimPort()
  t.teardown(() => releasePort(port))
  const url = `http://127.0.0.1:${port}`
  const { issuer, child } = await startProvider(t, `${url}/auth/callback/sso`)
  const github = await startGithubServer(t)
  const options = {
    dataDir: t.testdir(),
    env: {
      APP_HTTP_PORT: String(port),
      APP_SIGN_IN_PROVIDERS_SSO_ISSUER: issuer,
      APP_SIGN_IN_PROVIDERS_SSO_CLIENT_ID: 'gatehouse',
      APP_SIGN_IN_PROVIDERS_SSO_CLIENT_SECRET: 'the secret of gatehouse',
      APP_SIGN_IN_PROVIDERS_SSO_LABEL: 'Single Sign-On',
      APP_SIGN_IN_PROVIDERS_GITHUB_ISSUER: github.url,
      APP_SIGN_IN_PROVIDERS_GITHUB_CLIENT_ID: GITHUB_CLIENT.clientId,
      APP_SIGN_IN_PROVIDERS_GITHUB_CLIENT_SECRET: GITHUB_CLIENT.clientSecret,
    },
  }
  const app = await startApp(t, 'http', options)
  return { url, app, provider: child, github, options }
}

/** Types the name in at the provider and agrees to what it asks. */
async function signInAt(
  browser: Browser,
  login: Page,
  name: string,
  stopAt: (url: string) => boolean = () => false,
) {
  const consent = await browser.submit(
    login,
    { prompt: 'login', login: name, password: 'x' },
    stopAt,
  )
  return /name="prompt" value="consent"/.test(consent.text)
    ? browser.submit(consent, { prompt: 'consent' }, stopAt)
    : consent
}

/** Who is signed in in this browser. */
async function meOf(browser: Browser, url: string) {
  const { body } = await call('GET', `${url}/me`, { headers: { cookie: browser.cookies(url) } })
  return body as { user: { id: string; username: string }; session: { method: string } }
}

function logText(app: AppProcess): string {
  return JSON.stringify(app.log) + app.stderr()
}

await t.test('sign-in with a provider that others certify', async (t) => {
  const { url, app, provider } = await startHouse(t)

  await t.test('the providers are offered', async (t) => {
    const { body } = await call('GET', `${url}/auth/providers`)
    t.match(body, {
      providers: [
        { name: 'sso', label: 'Single Sign-On' },
        { name: 'github', label: 'GitHub' },
      ],
    })
  })

  const browser = createBrowser()
  await t.test('a browser goes there, comes back signed in, and stays who it is', async (t) => {
    const login = await browser.go(`${url}/auth/login/sso?returnTo=%2Fhello%3Fa%3D1`)
    const page = await signInAt(browser, login, 'grace')
    t.equal(page.url, `${url}/hello?a=1`)
    const me = await meOf(browser, url)
    t.match(me, {
      user: {
        username: 'grace',
        displayName: 'grace of the provider',
        email: 'grace@example.com',
        avatarUrl: 'https://example.com/grace.png',
      },
      session: { method: 'oauth:sso' },
    })
    const other = createBrowser()
    await signInAt(other, await other.go(`${url}/auth/login/sso`), 'grace')
    t.equal((await meOf(other, url)).user.id, me.user.id)
  })

  await t.test('the cookies refresh like those of a password', async (t) => {
    const refreshed = await call('POST', `${url}/auth/refresh_token`, {
      headers: { cookie: browser.cookies(url), 'sec-fetch-site': 'same-origin' },
    })
    t.equal(refreshed.status, 200)
    t.match(refreshed.body, { user: { username: 'grace' } })
  })

  await t.test('a callback is worth nothing in another browser, and once in its own', async (t) => {
    const [own, other] = [createBrowser(), createBrowser()]
    const login = await own.go(`${url}/auth/login/sso`)
    const { url: callback } = await signInAt(own, login, 'hopper', isCallback)
    t.ok(isCallback(callback))
    const stolen = await other.go(callback)
    t.equal(stolen.status, 400)
    t.match(stolen.body, { code: 'INVALID_ARGUMENT', reason: 'oauth_state_invalid' })
    t.match(await meOf(other, url), { reason: 'credentials_missing' })
    const atOnce = await Promise.all(Array.from({ length: 50 }, () => own.go(callback)))
    const signedIn = atOnce.filter((page) => page.url === `${url}/`)
    t.equal(signedIn.length, 1)
    t.equal(atOnce.filter(({ status }) => status === 400).length, 49)
    t.match(await meOf(own, url), { user: { username: 'hopper' } })
  })

  await t.test('who says no at the provider comes back with the reason', async (t) => {
    const own = createBrowser()
    const login = await own.go(`${url}/auth/login/sso?returnTo=/hello`)
    const abort = /href="([^"]+\/abort)"/.exec(login.text)?.[1] ?? ''
    const page = await own.go(new URL(abort, login.url).href)
    t.equal(page.url, `${url}/hello?oauth_error=provider_denied`)
    t.match(await meOf(own, url), { reason: 'credentials_missing' })
  })

  await t.test('a provider that is gone is told apart from a refusal', async (t) => {
    const own = createBrowser({ accept: 'application/json' })
    const login = await own.go(`${url}/auth/login/sso`)
    const { url: callback } = await signInAt(own, login, 'late', isCallback)
    provider.kill('SIGKILL')
    await once(provider, 'close')
    const page = await own.go(callback)
    t.equal(page.status, 503)
    t.match(page.body, { code: 'UNAVAILABLE', reason: 'provider_unavailable' })
    t.match(await meOf(own, url), { reason: 'credentials_missing' })
  })

  t.notMatch(logText(app), /[?&](?:code|state)=|the secret of gatehouse|eyJ|_oauth=/)
})

await t.test('sign-in with GitHub, linking and unlinking', async (t) => {
  const { url, github, options } = await startHouse(t)
  const browser = createBrowser()
  const page = await browser.go(`${url}/auth/login/github?returnTo=/hello`)
  t.equal(page.url, `${url}/hello`)
  const me = await meOf(browser, url)
  t.match(me, {
    user: { username: 'octocat', displayName: 'The Octocat', email: 'octocat@example.com' },
    session: { method: 'oauth:github' },
  })

  await t.test('the last way to sign in stays', async (t) => {
    const headers = { cookie: browser.cookies(url), 'sec-fetch-site': 'same-origin' }
    const unlink = await call('DELETE', `${url}/me/identities/github`, { headers })
    t.equal(unlink.status, 400)
    t.match(unlink.body, { code: 'FAILED_PRECONDITION', reason: 'last_sign_in_method' })
    const { body } = await call('GET', `${url}/me/identities`, { headers })
    t.match(body, { identities: [{ provider: 'github' }], hasPassword: false })
  })

  await t.test('there is no password to sign in with', async (t) => {
    const json = { username: 'octocat', password: PASSWORD }
    const login = await call('POST', `${url}/auth/login`, { json })
    t.equal(login.status, 401)
    t.match(login.body, { reason: 'credentials_invalid' })
  })

  await t.test('a user with a password links another account, and unlinks it', async (t) => {
    const ada = await registerAndLogin(url, 'ada')
    const own = createBrowser()
    await own.go(`${url}/hello`)
    const link = async () => {
      const answer = await call('POST', `${url}/me/identities/github`, {
        token: ada.accessToken,
        json: { returnTo: '/hello' },
        headers: { cookie: own.cookies(url) },
      })
      const oauth = /_oauth=[^;]+/.exec(String(answer.headers['set-cookie']))?.[0] ?? ''
      const { url: callback } = await createBrowser().go(String(answer.body['url']), isCallback)
      return call('GET', callback, {
        headers: { cookie: `${own.cookies(url)}; ${oauth}`, accept: 'text/html' },
      })
    }
    const taken = await link()
    t.equal(taken.headers['location'], '/hello?oauth_error=identity_taken')
    github.person = { user: { ...OCTOCAT.user, id: 7, login: 'ada-on-github' }, emails: [] }
    const linked = await link()
    t.equal(linked.headers['location'], '/hello')
    t.notMatch(linked.headers['set-cookie'], /_at=/, 'no other session')
    await own.go(`${url}/auth/login/github`)
    t.equal((await meOf(own, url)).user.id, ada.userId)
    const unlinked = await call('DELETE', `${url}/me/identities/github`, { token: ada.accessToken })
    t.equal(unlinked.status, 204)
    const other = createBrowser()
    await other.go(`${url}/auth/login/github`)
    t.not((await meOf(other, url)).user.id, ada.userId)
  })

  await t.test('the operator sees how each session was started', async (t) => {
    const list = await runApp(['session', 'list', '--user', 'octocat', '--json'], options)
    t.match(list.stdout, /oauth:github/)
  })
})

await t.test(
  'prod wants https for sign-in with a provider, and says what is missing',
  async (t) => {
    const { code, stderr } = await runApp(['config', 'check'], {
      dataDir: t.testdir(),
      env: {
        APP_ENV: 'prod',
        APP_API_KEY: 'a-key-that-is-long-enough',
        APP_SIGN_IN_PROVIDERS_SSO_CLIENT_ID: 'x',
        APP_SIGN_IN_PROVIDERS_GITHUB_CLIENT_ID: 'x',
        APP_SIGN_IN_PROVIDERS_GITHUB_ISSUER: 'http://git.test',
      },
    })
    t.equal(code, 1)
    for (const path of [
      'signIn.providers.sso.issuer',
      'signIn.providers.github.clientSecret',
      'signIn.providers.github.issuer',
      'http.publicOrigin',
    ]) {
      t.match(stderr, path)
    }
  },
)
