/** A session that ends, by any way, is over on every transport of another process. */
import t, { type Test } from 'tap'
import { runApp, startApp } from '../helpers/app-process.js'
import { openEverywhere } from '../helpers/every-transport.js'
import { openGrpcClient } from '../helpers/grpc-client.js'
import { call, login, PASSWORD, registerAndLogin, type SignedIn } from '../helpers/http-client.js'

/** Two processes with all services on one folder, and an administrator. */
async function startHouse(t: Test, env: Readonly<Record<string, string>> = {}) {
  const options = { dataDir: t.testdir(), env: { APP_AUTH_ALGORITHM: 'ES256', ...env } }
  const [first, second] = await Promise.all([
    startApp(t, 'up', options),
    startApp(t, 'up', options),
  ])
  const addresses = (process: typeof first) => ({
    http: `http://${process.address('http')}`,
    socket: process.address('socket'),
    grpc: process.address('grpc'),
  })
  const [here, there] = [addresses(first), addresses(second)]
  const args = ['user', 'create', '--username', 'root', '--role', 'admin', '--password-stdin']
  const created = await runApp(args, { ...options, input: `${PASSWORD}\n` })
  t.equal(created.code, 0, created.stderr)
  const root = await login(here.http, 'root')
  /** An administrator of their own: only those have streams over gRPC. */
  async function signUp(username: string): Promise<SignedIn> {
    const { userId } = await registerAndLogin(here.http, username)
    const promoted = await call('PATCH', `${here.http}/admin/users/${userId}`, {
      token: root.accessToken,
      json: { role: 'admin' },
    })
    t.equal(promoted.status, 200, promoted.text)
    return login(here.http, username)
  }
  return { options, here, there, root, signUp }
}

type House = Awaited<ReturnType<typeof startHouse>>

await t.test('policy single: the displaced side is told on all four transports', async (t) => {
  const { here, there, signUp } = await startHouse(t, { APP_SESSION_POLICY: 'single' })
  const displaced = await signUp('ada')
  const isTold = await openEverywhere(t, there, displaced)
  const latest = await login(here.http, 'ada')
  await isTold({ reason: 'signed_in_elsewhere', message: 'Signed in on another device.' })
  t.equal((await call('GET', `${there.http}/me`, { token: latest.accessToken })).status, 200)
})

const NEW_PASSWORD = 'another horse battery staple'

/** Ends `mine`; `other` is a second session of the same user. */
type Ending = (
  house: House,
  sessions: { readonly mine: SignedIn; readonly other: SignedIn },
) => Promise<unknown>

const ENDINGS: readonly (readonly [string, string, Ending])[] = [
  [
    'REST',
    'ended_by_user',
    ({ here }, { mine, other }) =>
      call('DELETE', `${here.http}/sessions/${mine.sessionId}`, { token: other.accessToken }),
  ],
  [
    'gRPC End',
    'ended_by_admin',
    ({ here }, { mine }) =>
      openGrpcClient(t, here.grpc, 'session')('End', { session_id: mine.sessionId }),
  ],
  [
    'app session end',
    'ended_by_admin',
    ({ options }, { mine }) => runApp(['session', 'end', mine.sessionId], options),
  ],
  [
    'a changed password',
    'password_changed',
    ({ here }, { other }) =>
      call('POST', `${here.http}/me/password`, {
        token: other.accessToken,
        json: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
      }),
  ],
  [
    'freezing',
    'user_frozen',
    ({ here, root }, { mine }) =>
      call('PATCH', `${here.http}/admin/users/${mine.userId}`, {
        token: root.accessToken,
        json: { state: 'frozen' },
      }),
  ],
]

await t.test('every way to end a session', async (t) => {
  const house = await startHouse(t)
  for (const [index, [name, reason, end]] of ENDINGS.entries()) {
    await t.test(`ended by ${name}: every transport is told in another process`, async (t) => {
      const mine = await house.signUp(`user-${index}`)
      const other = await login(house.here.http, mine.username)
      const isTold = await openEverywhere(t, house.there, mine)
      await end(house, { mine, other })
      await isTold({ reason, message: /\w/ })
    })
  }
})
