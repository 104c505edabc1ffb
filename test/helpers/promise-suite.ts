import type { Test } from 'tap'
import { API_KEY, runApp, startApp } from './app-process.js'
import { openGrpcClient } from './grpc-client.js'
import { call, login, registerAndLogin } from './http-client.js'
import { openPushClient } from './push-client.js'
import { waitFor } from './wait-for.js'

type Env = Readonly<Record<string, string>>

interface House {
  readonly env: Env
  readonly dataDir: string
  readonly http: string
  readonly socket: string
  readonly grpc: string
  readonly processes: number
}

async function startOne(t: Test, env: Env): Promise<House> {
  const dataDir = t.testdir()
  const app = await startApp(t, 'up', { dataDir, env })
  return {
    env,
    dataDir,
    http: `http://${app.address('http')}`,
    socket: app.address('socket'),
    grpc: app.address('grpc'),
    processes: 1,
  }
}

async function startThree(t: Test, env: Env): Promise<House> {
  const dataDir = t.testdir()
  const [http, socket, grpc] = await Promise.all([
    startApp(t, 'http', { dataDir, env }),
    startApp(t, 'socket', { dataDir, env }),
    startApp(t, 'grpc', { dataDir, env }),
  ])
  return {
    env,
    dataDir,
    http: `http://${http.address('http')}`,
    socket: socket.address('socket'),
    grpc: grpc.address('grpc'),
    processes: 3,
  }
}

async function pushTo(at: House, userId: string, message: string): Promise<unknown> {
  const answer = await call('POST', `http://${at.socket}/push`, {
    headers: { 'x-api-key': API_KEY },
    json: { userId, event: 'news', message },
  })
  return { status: answer.status, ...answer.body }
}

async function proveEndOverHttp(t: Test, at: House): Promise<void> {
  await t.test('sign in once, end over HTTP, refused everywhere', async (t) => {
    const verify = openGrpcClient(t, at.grpc, 'session')
    const ada = await registerAndLogin(at.http, 'ada')
    const laptop = await login(at.http, 'ada')
    const processes = { asked: at.processes, answered: at.processes }

    t.match(await call('GET', `${at.http}/me`, { token: ada.accessToken }), {
      status: 200,
      body: { user: { username: 'ada' }, session: { id: ada.sessionId } },
    })
    t.match(await verify('Verify', { access_token: ada.accessToken }), {
      active: true,
      principal: { user_id: ada.userId, session_id: ada.sessionId },
    })
    const client = await openPushClient(t, at.socket, { token: ada.accessToken, event: 'news' })
    t.same(await pushTo(at, ada.userId, 'hello'), { status: 200, delivered: 1, processes })
    await waitFor('the push arrives', () => client.received[0])
    t.same(client.received, ['hello'])

    const list = await call('GET', `${at.http}/sessions`, { token: laptop.accessToken })
    const sessions = list.body['sessions'] as { id: string; connections: number }[]
    t.equal(sessions.find(({ id }) => id === ada.sessionId)?.connections, 1)

    const ended = await call('DELETE', `${at.http}/sessions/${ada.sessionId}`, {
      token: laptop.accessToken,
    })
    t.same(ended.body, { ended: 1, connectionsClosed: 1, processes })
    t.match(await call('GET', `${at.http}/me`, { token: ada.accessToken }), {
      status: 401,
      body: { code: 'UNAUTHENTICATED', reason: 'ended_by_user' },
    })
    t.same(await client.closed, { code: 4401, reason: 'ended_by_user' })
    t.match(await verify('Verify', { access_token: ada.accessToken }), {
      active: false,
      reason: 'ended_by_user',
    })
    t.same(await pushTo(at, ada.userId, 'again'), { status: 200, delivered: 0, processes })
    t.match(
      await call('POST', `${at.http}/auth/refresh_token`, {
        json: { refreshToken: ada.refreshToken },
      }),
      { status: 401, body: { reason: 'ended_by_user' } },
    )
    t.match(
      await call('GET', `${at.http}/me`, { token: laptop.accessToken }),
      { status: 200 },
      'the other session goes on',
    )
  })
}

async function proveEndFromTerminal(t: Test, at: House): Promise<void> {
  await t.test('end from a terminal, refused everywhere', async (t) => {
    const verify = openGrpcClient(t, at.grpc, 'session')
    const eve = await registerAndLogin(at.http, 'eve')
    const client = await openPushClient(t, at.socket, { token: eve.accessToken, event: 'news' })

    const result = await runApp(['session', 'end', eve.sessionId], at)
    if (result.code !== 0) throw new Error(`app session end: ${result.stderr}`)
    t.match(result.stdout, /1 session/)
    t.same(await client.closed, { code: 4401, reason: 'ended_by_admin' })
    t.match(await call('GET', `${at.http}/me`, { token: eve.accessToken }), {
      status: 401,
      body: { reason: 'ended_by_admin' },
    })
    t.match(await verify('Verify', { access_token: eve.accessToken }), {
      active: false,
      reason: 'ended_by_admin',
    })
  })
}

async function proveLogoutAndReuse(t: Test, at: House): Promise<void> {
  await t.test('logout and a reused refresh token cut the sockets too', async (t) => {
    const bob = await registerAndLogin(at.http, 'bob')
    const stolen = await openPushClient(t, at.socket, { token: bob.accessToken, event: 'news' })
    const refresh = (refreshToken: string) =>
      call('POST', `${at.http}/auth/refresh_token`, { json: { refreshToken } })
    const second = await refresh(bob.refreshToken)
    t.equal(second.status, 200)
    t.equal(stolen.socket.readyState, stolen.socket.OPEN, 'rotation never cuts a stream')
    t.match(await refresh(bob.refreshToken), { status: 401, body: { reason: 'reuse_detected' } })
    t.same(await stolen.closed, { code: 4401, reason: 'reuse_detected' })
    t.match(await refresh(second.body['refreshToken'] as string), {
      status: 401,
      body: { reason: 'reuse_detected' },
    })

    const again = await login(at.http, 'bob')
    const client = await openPushClient(t, at.socket, { token: again.accessToken, event: 'news' })
    const out = await call('POST', `${at.http}/auth/logout`, { token: again.accessToken })
    t.equal(out.status, 204)
    t.same(await client.closed, { code: 4401, reason: 'logged_out' })
  })
}

/**
 * The promise, step by step: as one process, then as three that share their stores. `envOf` chooses the
 * stores, afresh for each; the steps are the same for all, each with a user of its own.
 */
export async function provePromise(t: Test, envOf: () => Env = () => ({})): Promise<void> {
  for (const [name, start] of [
    ['one process', startOne],
    ['three processes', startThree],
  ] as const) {
    await t.test(name, async (t) => {
      const at = await start(t, envOf())
      await proveEndOverHttp(t, at)
      await proveEndFromTerminal(t, at)
      await proveLogoutAndReuse(t, at)
    })
  }
}
