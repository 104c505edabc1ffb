/**
 * A Redis that loses everything signs everybody out, on every transport of every process, and lets nobody in again who
 * was signed out before.
 */
import t, { type Test } from 'tap'
import { type AppProcess, runApp, startApp } from '../helpers/app-process.js'
import { openEverywhere, type Services } from '../helpers/every-transport.js'
import { ask, reasons } from '../helpers/graphql-house.js'
import { openGrpcClient } from '../helpers/grpc-client.js'
import { call, login, PASSWORD, type SignedIn } from '../helpers/http-client.js'
import { openPushClient } from '../helpers/push-client.js'
import { type Redis, startRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'

const FILE_TIMEOUT_MS = 120_000
/** Of a session of which nothing is left: questions have no reason for its end, and streams end as if it had run out. */
const LOST = {
  reason: 'session_not_found',
  message: 'This session is over; sign in again.',
  streamReason: 'expired',
  isLogLost: true,
}
const NOT_FOUND = {
  status: 401,
  body: { code: 'UNAUTHENTICATED', reason: LOST.reason, detail: LOST.message },
}
const skip = skipUnless('redis')

t.setTimeout(FILE_TIMEOUT_MS)

const LOSSES: Readonly<Record<string, (redis: Redis) => Promise<unknown>>> = {
  'emptied while it runs': (redis) => redis.command('FLUSHALL'),
  'killed, and back without its data': async (redis) => {
    await redis.kill()
    await redis.restart()
  },
}

function servicesOf(process: AppProcess): Services {
  return {
    http: `http://${process.address('http')}`,
    socket: process.address('socket'),
    grpc: process.address('grpc'),
  }
}

/** Nothing that this session has is worth anything at these services. */
async function isWorthless(t: Test, at: Services, session: SignedIn): Promise<void> {
  const { accessToken, refreshToken } = session
  t.match(await call('GET', `${at.http}/me`, { token: accessToken }), NOT_FOUND, 'HTTP')
  const refreshed = await call('POST', `${at.http}/auth/refresh_token`, { json: { refreshToken } })
  t.match(refreshed, NOT_FOUND, 'refresh')
  const asked = await ask(at.http, '{ sessions { id } }', { token: accessToken })
  t.strictSame(reasons(asked), [LOST.reason], 'GraphQL')
  const verify = openGrpcClient(t, at.grpc, 'session')
  t.match(
    await verify('Verify', { access_token: accessToken }),
    { active: false, reason: LOST.reason, message: LOST.message },
    'gRPC',
  )
  const registration = { token: accessToken, event: 'news' }
  const opening = openPushClient(t, at.socket, registration)
  await t.rejects(opening, { message: `closed 4401 ${LOST.reason}` }, 'WebSocket')
}

await t.test('a Redis that loses everything', { skip }, async (t) => {
  const redis = await startRedis(t)
  const options = {
    dataDir: t.testdir(),
    env: { APP_REDIS_URL: redis.url, APP_SESSION_POLICY: 'unlimited' },
  }
  const [here, there] = (
    await Promise.all([startApp(t, 'up', options), startApp(t, 'up', options)])
  ).map(servicesOf) as [Services, Services]

  for (const [index, [name, lose]] of Object.entries(LOSSES).entries()) {
    await t.test(name, async (t) => {
      const names = [`ada-${index}`, `bob-${index}`]
      const users: SignedIn[] = []
      for (const username of names) {
        const args = ['user', 'create', '--username', username, '--role', 'admin']
        const input = `${PASSWORD}\n`
        const created = await runApp([...args, '--password-stdin'], { ...options, input })
        t.equal(created.code, 0, created.stderr)
        users.push(await login(here.http, username))
      }
      const revoked = await login(here.http, names[0] ?? '')
      const { status } = await call('POST', `${here.http}/auth/logout`, {
        token: revoked.accessToken,
      })
      t.equal(status, 204)
      const told = await Promise.all(
        users.flatMap((user) => [here, there].map((at) => openEverywhere(t, at, user))),
      )

      const lostAt = performance.now()
      await lose(redis)
      for (const isTold of told) await isTold(LOST)
      t.comment(`everybody was told ${(performance.now() - lostAt).toFixed(0)} ms after the loss`)
      for (const at of [here, there]) {
        for (const session of [...users, revoked]) await isWorthless(t, at, session)
      }

      for (const username of names) {
        const again = await login(there.http, username)
        const me = await call('GET', `${here.http}/me`, { token: again.accessToken })
        t.match(me, { status: 200, body: { user: { username } } })
        const client = await openPushClient(t, here.socket, {
          token: again.accessToken,
          event: 'news',
        })
        const refreshed = await call('POST', `${here.http}/auth/refresh_token`, {
          json: { refreshToken: again.refreshToken },
        })
        t.equal(refreshed.status, 200, refreshed.text)
        t.equal(client.socket.readyState, client.socket.OPEN)
      }
      for (const session of [...users, revoked]) await isWorthless(t, there, session)
    })
  }
})
