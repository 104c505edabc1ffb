import type { Test } from 'tap'
import { type AppOptions, type AppProcess, runApp, startApp } from './app-process.js'
import { call, login, PASSWORD, type SignedIn } from './http-client.js'
import { GITHUB_CLIENT, type GithubServer, startGithubServer } from './oauth/github-server.js'

/** What another service shows with its name, `billing`. */
export const SERVICE_SECRET = 'secret-of-thirty-two-characters!'

/** Two HTTP processes and a socket process that share their stores, with an administrator. */
export interface AccountHouse {
  /** The HTTP addresses. */
  readonly here: string
  readonly there: string
  readonly root: SignedIn
  /** What GitHub is to the house. */
  readonly github: GithubServer
  readonly options: AppOptions
  readonly first: AppProcess
  readonly second: AppProcess
  readonly socket: AppProcess
  /** What every end says of the processes. */
  readonly processes: { readonly asked: number; readonly answered: number }
  /** The token is refused by the second process for this reason. */
  readonly refused: (token: string, reason: string) => Promise<void>
}

/** `env` chooses the stores. */
export async function openAccountHouse(
  t: Test,
  env: Readonly<Record<string, string>> = {},
): Promise<AccountHouse> {
  const github = await startGithubServer(t)
  const options = {
    dataDir: t.testdir(),
    env: {
      APP_OAUTH_CLIENTS: `billing:${SERVICE_SECRET}`,
      APP_AUTH_ALGORITHM: 'ES256',
      APP_SIGN_IN_PROVIDERS_GITHUB_ISSUER: github.url,
      APP_SIGN_IN_PROVIDERS_GITHUB_CLIENT_ID: GITHUB_CLIENT.clientId,
      APP_SIGN_IN_PROVIDERS_GITHUB_CLIENT_SECRET: GITHUB_CLIENT.clientSecret,
      ...env,
    },
  }
  const [first, second, socket] = await Promise.all([
    startApp(t, 'http', options),
    startApp(t, 'http', options),
    startApp(t, 'socket', options),
  ])
  const [here, there] = [`http://${first.address('http')}`, `http://${second.address('http')}`]
  const created = await runApp(
    ['user', 'create', '--username', 'root', '--role', 'admin', '--password-stdin'],
    { ...options, input: `${PASSWORD}\n` },
  )
  t.equal(created.code, 0, created.stderr)
  return {
    ...{ here, there, github, options, first, second, socket },
    root: await login(here, 'root'),
    processes: { asked: 3, answered: 3 },
    async refused(token, reason) {
      const answer = await call('GET', `${there}/me`, { token })
      t.match(answer, { status: 401, body: { code: 'UNAUTHENTICATED', reason } })
    },
  }
}
