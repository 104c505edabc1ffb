/**
 * The failure policy of docs/operations.md against the built program: a wire to Redis that is cut, stalls or
 * carries one direction only. Times are printed.
 */
import t, { type Test } from 'tap'
import { API_KEY, startApp } from '../helpers/app-process.js'
import { type Answer, call, login, PASSWORD, registerAndLogin } from '../helpers/http-client.js'
import { openPushClient } from '../helpers/push-client.js'
import { withDeadline } from '../helpers/server/deadline.js'
import { startRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { isSubscription } from '../helpers/server/redis-command.js'
import { startTcpProxy, type TcpProxy } from '../helpers/server/tcp-proxy.js'
import { uniqueName } from '../helpers/server/unique-name.js'
import { waitFor } from '../helpers/wait-for.js'

const FILE_TIMEOUT_MS = 120_000
/** Far over the deadline of a request: one that takes longer counts as hanging. */
const HANGING_MS = 10_000
const REFUSED = {
  status: 503,
  headers: { 'retry-after': '1' },
  body: { code: 'UNAVAILABLE', reason: 'session_store_unavailable' },
}
const skip = skipUnless('redis')

t.setTimeout(FILE_TIMEOUT_MS)

interface House {
  readonly http: string
  readonly socket: string
  /** One request, with a token and a JSON body where they are given. */
  ask(method: string, path: string, token?: string, json?: unknown): Promise<Answer>
  push(userId: string, message: string): Promise<Answer>
}

/** All three services in one process, on a Redis at `url`. */
async function startHouse(
  t: Test,
  at: { readonly dataDir: string; readonly keyPrefix: string; readonly url: string },
): Promise<House> {
  const env = { APP_REDIS_URL: at.url, APP_REDIS_KEY_PREFIX: at.keyPrefix }
  const app = await startApp(t, 'up', { dataDir: at.dataDir, env })
  const [http, socket] = [`http://${app.address('http')}`, app.address('socket')]
  const inTime = (what: string, answer: Promise<Answer>): Promise<Answer> =>
    withDeadline(`answer to ${what}`, HANGING_MS, answer)
  return {
    ...{ http, socket },
    ask: (method, path, token, json) =>
      inTime(
        `${method} ${path}`,
        call(method, `${http}${path}`, {
          ...(token === undefined ? {} : { token }),
          ...(json === undefined ? {} : { json }),
        }),
      ),
    push: (userId, message) =>
      inTime(
        'a push',
        call('POST', `http://${socket}/push`, {
          headers: { 'x-api-key': API_KEY },
          json: { userId, event: 'news', message },
        }),
      ),
  }
}

/** Waits until `ask` answers with this status; every other answer must be one of `meanwhile`. */
async function untilStatus(
  t: Test,
  what: string,
  ask: () => Promise<Answer>,
  { status, meanwhile }: { status: number; meanwhile: readonly number[] },
): Promise<Answer> {
  const startedAt = performance.now()
  const answer = await waitFor(what, async () => {
    const answer = await ask()
    if (answer.status === status) return answer
    if (!meanwhile.includes(answer.status)) throw new Error(`${what}: ${answer.status}`)
    return undefined
  })
  t.comment(`${what}: ${(performance.now() - startedAt).toFixed(0)} ms`)
  return answer
}

const DAMAGES: Readonly<Record<string, (proxy: TcpProxy) => void | Promise<void>>> = {
  'a wire that is cut': (proxy) => proxy.cut(),
  'a wire that stalls': (proxy) => proxy.stall(),
  'a wire that carries no questions': (proxy) => proxy.halfOpen('client-to-server'),
  'a wire that carries no answers': (proxy) => proxy.halfOpen('server-to-client'),
}

await t.test('a way to Redis that fails', { skip }, async (t) => {
  const redis = await startRedis(t)
  const proxy = await startTcpProxy({ target: redis })
  t.teardown(() => proxy.close())
  const common = { dataDir: t.testdir(), keyPrefix: `${uniqueName('failure')}:` }
  const damagedUrl = `redis://${proxy.host}:${proxy.port}`
  const damaged = await startHouse(t, { ...common, url: damagedUrl })
  const whole = await startHouse(t, { ...common, url: redis.url })

  for (const [index, [name, damage]] of Object.entries(DAMAGES).entries()) {
    await t.test(name, async (t) => {
      const username = `user-${index}`
      const ada = await registerAndLogin(damaged.http, username)
      const other = await login(damaged.http, username)
      const registration = { event: 'news' }
      const kept = await openPushClient(t, damaged.socket, {
        ...registration,
        token: ada.accessToken,
      })
      const lost = await openPushClient(t, damaged.socket, {
        ...registration,
        token: other.accessToken,
      })
      const me = () => damaged.ask('GET', '/me', ada.accessToken)
      t.match(await me(), { status: 200 })

      await damage(proxy)
      const states = { status: 503, meanwhile: [200] }
      t.match(await untilStatus(t, 'refused after the damage', me, states), REFUSED)
      const startedAt = performance.now()
      const credentials = { username, password: PASSWORD }
      const answers = await Promise.all([
        me(),
        damaged.ask('GET', '/home', other.accessToken),
        damaged.ask('GET', '/sessions', ada.accessToken),
        damaged.ask('DELETE', '/sessions', ada.accessToken),
        damaged.ask('POST', '/auth/logout', ada.accessToken),
        damaged.ask('POST', '/auth/refresh_token', undefined, { refreshToken: ada.refreshToken }),
      ])
      t.comment(`slowest refusal: ${(performance.now() - startedAt).toFixed(0)} ms`)
      for (const answer of answers) t.match(answer, REFUSED)
      // A sign-in asks for its budget first, which is kept in the same place.
      t.match(await damaged.ask('POST', '/auth/login', undefined, credentials), {
        ...REFUSED,
        body: { ...REFUSED.body, reason: 'store_unavailable' },
      })
      t.match(await damaged.ask('GET', '/health/ready'), { status: 503 })
      t.match(await damaged.ask('GET', '/health/live'), { status: 200 })

      t.match(await whole.ask('DELETE', `/sessions/${other.sessionId}`, ada.accessToken), {
        status: 200,
        body: { ended: 1 },
      })
      await damaged.push(ada.userId, 'from here')
      await whole.push(ada.userId, 'from there')
      t.strictSame([kept.received, lost.received], [[], []], 'nothing unverified')
      for (const { socket } of [kept, lost]) t.equal(socket.readyState, socket.OPEN)

      await proxy.restore()
      const back = { status: 200, meanwhile: [503] }
      await untilStatus(t, 'served after the repair', me, back)
      t.same(await lost.closed, { code: 4401, reason: 'ended_by_user' })
      t.match(await damaged.ask('GET', '/me', other.accessToken), {
        status: 401,
        body: { reason: 'ended_by_user' },
      })
      const pushedAt = performance.now()
      await waitFor('pushed again', async () => {
        await whole.push(ada.userId, 'again')
        return kept.received.includes('again')
      })
      t.comment(`pushed from another process: ${(performance.now() - pushedAt).toFixed(0)} ms`)
      t.equal(kept.socket.readyState, kept.socket.OPEN)
      t.notOk(kept.received.includes('from here'))
    })
  }
})

await t.test('messages between processes that are cut off', { skip }, async (t) => {
  const redis = await startRedis(t)
  const proxy = await startTcpProxy({
    target: redis,
    mark: isSubscription,
  })
  t.teardown(() => proxy.close())
  const common = { dataDir: t.testdir(), keyPrefix: `${uniqueName('failure')}:` }
  const deafUrl = `redis://${proxy.host}:${proxy.port}`
  const deaf = await startHouse(t, { ...common, url: deafUrl })
  const whole = await startHouse(t, { ...common, url: redis.url })
  const ada = await registerAndLogin(whole.http, 'ada')
  const other = await login(whole.http, 'ada')
  const [kept, lost] = await Promise.all(
    [ada, other].map(({ accessToken: token }) =>
      openPushClient(t, deaf.socket, { token, event: 'news' }),
    ),
  )
  if (!kept || !lost) throw new Error('no client')

  proxy.cutMarked()
  const endedAt = performance.now()
  const ended = await whole.ask('DELETE', `/sessions/${other.sessionId}`, ada.accessToken)
  t.match(ended, { status: 200, body: { ended: 1, connectionsClosed: 0 } })
  t.match(await deaf.ask('GET', '/me', other.accessToken), {
    status: 401,
    body: { reason: 'ended_by_user' },
  })
  t.same(await lost.closed, { code: 4401, reason: 'ended_by_user' })
  t.comment(`closed ${(performance.now() - endedAt).toFixed(0)} ms after the end was asked for`)
  t.match(await deaf.ask('GET', '/me', ada.accessToken), { status: 200 })
  t.equal(kept.socket.readyState, kept.socket.OPEN)
  t.strictSame(lost.received, [])

  await proxy.restore()
  await waitFor('messages pass again', async () => {
    const { body } = await whole.push(ada.userId, 'again')
    return body['delivered'] === 1
  })
})
