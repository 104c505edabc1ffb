/**
 * kill -9 of Redis, and of one master of a Cluster, under a steady load of sign-ins, checks, refreshes and
 * ends: with `appendfsync always` nothing that was acknowledged is lost, and nothing hangs. Times are printed.
 */
import t, { type Test } from 'tap'
import { startApp } from '../helpers/app-process.js'
import { type Answer, call, login, PASSWORD, registerAndLogin } from '../helpers/http-client.js'
import { withDeadline } from '../helpers/server/deadline.js'
import { type RedisNode, startRedis, startRedisCluster } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { uniqueName } from '../helpers/server/unique-name.js'
import { waitFor } from '../helpers/wait-for.js'

const FILE_TIMEOUT_MS = 120_000
const WORKERS = 12
const ACKNOWLEDGED_BEFORE = 150
const ACKNOWLEDGED_AFTER = 150
/** Four times the deadline of a request that needs Redis. */
const HANGING_MS = 5_000
const skip = skipUnless('redis')

t.setTimeout(FILE_TIMEOUT_MS)

/** A session as its owner knows it from what was acknowledged. */
interface Known {
  accessToken: string
  refreshToken: string
  isEnded: boolean
}

interface Load {
  readonly known: Known[]
  readonly unexpected: string[]
  acknowledged: number
  refused: number
  slowestMs: number
  isOver: boolean
}

/** One request: its answer, or null when it was refused because Redis cannot be asked, or hangs. */
async function ask(load: Load, request: () => Promise<Answer>): Promise<Answer | null> {
  const startedAt = performance.now()
  const answer = await withDeadline('an answer', HANGING_MS, request()).catch((error: unknown) => {
    load.unexpected.push(String(error))
    return null
  })
  load.slowestMs = Math.max(load.slowestMs, performance.now() - startedAt)
  if (answer?.status !== 503) return answer
  load.refused += 1
  return null
}

/** Signs in, looks, refreshes, looks again and signs out every second time, until the load is over. */
async function work(load: Load, url: string, username: string): Promise<void> {
  for (let turn = 0; !load.isOver; turn += 1) {
    await workOnce(load, url, username, turn)
  }
}

async function workOnce(load: Load, url: string, username: string, turn: number): Promise<void> {
  const post = (path: string, json: unknown, token?: string): Promise<Answer | null> =>
    ask(load, () =>
      call('POST', `${url}${path}`, { json, ...(token === undefined ? {} : { token }) }),
    )
  const look = (token: string): Promise<Answer | null> =>
    ask(load, () => call('GET', `${url}/me`, { token }))
  const expect = (what: string, answer: Answer, status: number): void => {
    if (answer.status !== status) load.unexpected.push(`${what}: ${answer.status} ${answer.text}`)
    else load.acknowledged += 1
  }

  const signedIn = await post('/auth/login', { username, password: PASSWORD })
  if (signedIn === null) return
  expect('login', signedIn, 200)
  const own = tokensOf(signedIn)
  const seen = await look(own.accessToken)
  if (seen !== null) expect('me', seen, 200)

  // What a write that was not acknowledged has done is not known: its session is not looked at again.
  const refreshed = await post('/auth/refresh_token', { refreshToken: own.refreshToken })
  if (refreshed === null) return
  expect('refresh', refreshed, 200)
  Object.assign(own, tokensOf(refreshed))
  if (turn % 2 === 1) {
    const out = await post('/auth/logout', {}, own.accessToken)
    if (out === null) return
    expect('logout', out, 204)
    own.isEnded = true
  }
  load.known.push(own)
}

function tokensOf({ body }: Answer): Known {
  return {
    accessToken: String(body['accessToken']),
    refreshToken: String(body['refreshToken']),
    isEnded: false,
  }
}

/** Runs the load, kills `victim` in the middle of it, and checks what was acknowledged. */
async function survive(t: Test, urls: readonly string[], victim: RedisNode): Promise<void> {
  const env = {
    APP_REDIS_URL: urls.join(','),
    APP_REDIS_KEY_PREFIX: `${uniqueName('chaos')}:`,
    APP_SESSION_POLICY: 'unlimited',
  }
  const process = await startApp(t, 'http', { dataDir: t.testdir(), env })
  const app = `http://${process.address('http')}`
  const names = Array.from({ length: WORKERS }, (_, index) => `chaos-${index}`)
  for (const name of names) await registerAndLogin(app, name)
  const load: Load = {
    ...{ known: [], unexpected: [], acknowledged: 0, refused: 0, slowestMs: 0, isOver: false },
  }
  const workers = names.map((name) => work(load, app, name))
  try {
    await waitFor('a steady load', () => load.acknowledged >= ACKNOWLEDGED_BEFORE, 30_000)
    await victim.kill()
    const killedAt = performance.now()
    await waitFor('refusals', () => load.refused > WORKERS)
    t.comment(`first refusals ${(performance.now() - killedAt).toFixed(0)} ms after the kill`)
    await victim.restart()
    const restartedAt = performance.now()
    await waitFor('every user is served', () => isServed(app, names))
    t.comment(`served ${(performance.now() - restartedAt).toFixed(0)} ms after the restart`)
    const before = load.acknowledged
    await waitFor('load again', () => load.acknowledged - before >= ACKNOWLEDGED_AFTER, 30_000)
  } finally {
    load.isOver = true
    await Promise.all(workers)
  }
  t.comment(
    `${load.acknowledged} acknowledged, ${load.refused} refused, slowest ${load.slowestMs.toFixed(0)} ms`,
  )
  t.strictSame(load.unexpected, [], 'nothing hangs, nothing fails in another way')
  const ended = load.known.filter(({ isEnded }) => isEnded)
  t.ok(ended.length > 0 && ended.length < load.known.length, 'some ended, some not')
  t.strictSame(await lost(app, load.known), [], 'nothing that was acknowledged is lost')
}

/** Whether each of the users, who live in different slots of a Cluster, can sign in. */
async function isServed(url: string, names: readonly string[]): Promise<boolean> {
  const outcomes = await Promise.allSettled(names.map((name) => login(url, name)))
  return outcomes.every(({ status }) => status === 'fulfilled')
}

/** What does not stand as it was acknowledged. */
async function lost(url: string, known: readonly Known[]): Promise<string[]> {
  const wrong: string[] = []
  for (const { accessToken, refreshToken, isEnded } of known) {
    const seen = await call('GET', `${url}/me`, { token: accessToken })
    const refreshed = await call('POST', `${url}/auth/refresh_token`, { json: { refreshToken } })
    const status = isEnded ? 401 : 200
    for (const answer of [seen, refreshed]) {
      if (answer.status !== status)
        wrong.push(`${String(isEnded)}: ${answer.status} ${answer.text}`)
      if (isEnded && answer.body['reason'] !== 'logged_out') wrong.push(answer.text)
    }
  }
  return wrong
}

await t.test('Redis, single', { skip }, async (t) => {
  const redis = await startRedis(t, { appendonly: true })
  await survive(t, [redis.url], redis)
})

await t.test('one master of a Redis Cluster', { skip }, async (t) => {
  const { nodes } = await startRedisCluster(t, {
    appendonly: true,
    lines: ['cluster-require-full-coverage no'],
  })
  const [victim] = nodes
  if (!victim) throw new Error('no node')
  await survive(
    t,
    nodes.map(({ url }) => url),
    victim,
  )
})
