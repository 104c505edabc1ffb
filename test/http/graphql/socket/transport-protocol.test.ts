import t from 'tap'
import {
  openGraphqlHouse,
  openLine,
  signIn,
  type OpenLine,
} from '../../../helpers/graphql-house.js'
import { createFakeClock } from '../../../helpers/fake-clock.js'
import { testConfig } from '../../../helpers/app-config.js'
import { createCore } from '../../../../src/app/create-core.js'
import { httpService } from '../../../../src/app/http-service.js'
import { PassThrough } from 'node:stream'
import { waitFor } from '../../../helpers/wait-for.js'

const AUTH = 'subscription { auth { authorized } }'

/** A house whose clock the test moves: what a token's end does, without waiting for it. */
async function openHouseOnClock() {
  const clock = createFakeClock(Date.now())
  const config = await testConfig(t.testdir(), {
    'auth.algorithm': 'ES256',
    'auth.accessTokenSeconds': 60,
    'graphql.tokenGraceMs': 1_000,
    'graphql.keepAliveMs': 20,
    'session.sweepIntervalMs': 3_600_000,
  })
  const core = await createCore(
    { config, processKind: 'test', logStream: new PassThrough() },
    { clock },
  )
  t.teardown(() => core.lifecycle.close())
  const service = await httpService.start(core, config, 'test', {})
  t.teardown(() => service.close(1_000))
  return { clock, url: `http://127.0.0.1:${service.address.port}` }
}

async function ready(line: OpenLine): Promise<OpenLine> {
  await waitFor('the line', () => line.isAcknowledged())
  return line
}

await t.test('a line outlives its token only by showing a newer one', async (t) => {
  const { clock, url } = await openHouseOnClock()
  const { accessToken, refreshToken } = await signIn(url, 'clock')
  const silent = await ready(openLine(t, url, { init: { accessToken } }))
  const refreshing = await ready(openLine(t, url, { init: { accessToken } }))
  const feed = refreshing.follow(AUTH)
  await waitFor('the state', () => feed.values.length === 1)
  clock.advance(30_000)
  const mutation = 'mutation($t: String!) { refresh(refreshToken: $t) { accessToken } }'
  const answer = await refreshing.ask(mutation, { t: refreshToken })
  const { data } = answer as { data: { refresh: { accessToken: string } } }
  clock.advance(32_000)
  await waitFor('the end of who was silent', () => silent.closed())
  t.strictSame(silent.closed(), { code: 4401, reason: 'token_expired' })
  t.equal(refreshing.closed(), null)
  t.match(await refreshing.ask('{ user { username } }'), { data: { user: { username: 'clock' } } })

  const { accessToken: fresh } = data.refresh
  const sockets: { send(text: string): void }[] = []
  const pinging = await ready(
    openLine(t, url, {
      init: { accessToken: fresh },
      client: {
        on: { opened: (socket) => void sockets.push(socket as { send(text: string): void }) },
      },
    }),
  )
  const other = await signIn(url, 'clock', { isNew: false })
  sockets[0]?.send(JSON.stringify({ type: 'ping', payload: { accessToken: fresh } }))
  t.match(await pinging.ask('{ auth { authorized } }'), { data: { auth: { authorized: true } } })
  sockets[0]?.send(JSON.stringify({ type: 'ping', payload: { accessToken: other.accessToken } }))
  await waitFor('the end of who shows another session', () => pinging.closed())
  t.strictSame(pinging.closed(), { code: 4403, reason: 'session_foreign' })
})

await t.test('an operation asks anew whether its token still counts', async (t) => {
  const { url, core } = await openGraphqlHouse(t, { 'session.sweepIntervalMs': 3_600_000 })
  const { accessToken } = await signIn(url, 'anew')
  const line = await ready(openLine(t, url, { init: { accessToken } }))
  const principal = await core.authentication.authenticate(accessToken)
  t.match(await line.ask('{ user { username } }'), { data: { user: { username: 'anew' } } })
  await core.sessions.logout(principal)
  await waitFor('the end', () => line.closed())
  t.strictSame(line.closed(), { code: 4401, reason: 'logged_out' })
})
