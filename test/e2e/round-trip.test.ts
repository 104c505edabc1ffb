/**
 * What a signed-in request costs the stores in the steady state: nothing, counted by the servers themselves. And
 * still a session that was ended is refused with the very next request, in another process.
 */
import t from 'tap'
import { startApp } from '../helpers/app-process.js'
import { type Answer, call, login, registerAndLogin } from '../helpers/http-client.js'
import { startMariaDb } from '../helpers/server/mariadb.js'
import { startRedis } from '../helpers/server/redis.js'
import { commandCalls } from '../helpers/server/redis-command.js'
import { skipUnless } from '../helpers/server/service-binary.js'

const FILE_TIMEOUT_MS = 120_000
const REQUESTS = 400
/** Commands that keep a connection, look for unfinished ends every few seconds, or belong to this very counting. */
const NOT_OF_REQUESTS = /^(ping|info|hello|client|config|zrangebyscore)/
/** All that name a table of ours; what keeps connections and asks how the server is names none. */
const STATEMENTS =
  'SELECT CONVERT(argument USING utf8mb4) AS argument FROM mysql.general_log ' +
  "WHERE argument LIKE '%`%' AND argument NOT LIKE '%general_log%' " +
  "AND argument NOT LIKE '%unfinished_ends%'"
const skip = skipUnless('mariadb') || skipUnless('redis')

t.setTimeout(FILE_TIMEOUT_MS)

await t.test('a signed-in request', { skip }, async (t) => {
  const [mariaDb, redis] = await Promise.all([startMariaDb(t), startRedis(t)])
  const { url } = await mariaDb.createDatabase()
  const env = {
    APP_MYSQL_URL: url,
    APP_REDIS_URL: redis.url,
    // The processes say so seldom that they live that none of it falls into the counting.
    APP_BROKER_HEARTBEAT_MS: '600000',
    APP_BROKER_LEASE_MS: '3600000',
  }
  const options = { dataDir: t.testdir(), env }
  const first = await startApp(t, 'http', options)
  const [one, two] = [first, await startApp(t, 'http', options)].map(
    (app) => `http://${app.address('http')}`,
  )
  if (one === undefined || two === undefined) throw new Error('no address')
  const ada = await registerAndLogin(one, 'ada')
  const laptop = await login(one, 'ada')

  const ask = (base: string, path: string) =>
    call('GET', `${base}${path}`, { token: ada.accessToken })
  const askGraphql = (base: string) =>
    call('POST', `${base}/graphql`, {
      token: ada.accessToken,
      json: { query: '{ user { id username displayName } auth { authorized method } }' },
    })
  const askOne = (index: number): Promise<Answer> => {
    const base = index % 2 ? one : two
    if (index % 3 === 0) return askGraphql(base)
    return ask(base, index % 3 === 1 ? '/home' : '/me')
  }
  const askAll = async (): Promise<void> => {
    for (let done = 0; done < REQUESTS; done += 20) {
      const answers = await Promise.all(Array.from({ length: 20 }, (_, index) => askOne(index)))
      for (const { status, body, text } of answers) {
        if (status !== 200 || 'errors' in body) throw new Error(text)
      }
    }
  }
  const redisCalls = async (): Promise<Record<string, number>> => {
    const entries = Object.entries(await commandCalls(redis))
    return Object.fromEntries(entries.filter(([name]) => !NOT_OF_REQUESTS.test(name)))
  }

  await t.test('asks neither Redis nor MariaDB', async (t) => {
    for (const base of [one, two]) t.match(await ask(base, '/home'), { status: 200 })
    await mariaDb.query("SET GLOBAL log_output = 'TABLE'")
    await mariaDb.query('SET GLOBAL general_log = ON')
    const before = await redisCalls()
    await askAll()
    t.strictSame(await redisCalls(), before, 'no command of Redis')
    t.strictSame(await mariaDb.query(STATEMENTS), [], 'no statement of MariaDB')

    t.match(
      await call('PATCH', `${one}/me`, { token: ada.accessToken, json: { displayName: 'Ada' } }),
      { status: 200 },
    )
    t.match(await ask(two, '/me'), { body: { user: { displayName: 'Ada' } } })
    t.not((await mariaDb.query(STATEMENTS)).length, 0, 'the counting counts')
  })

  await t.test('is refused once its session has ended through another process', async (t) => {
    const ended = await call('DELETE', `${two}/sessions/${ada.sessionId}`, {
      token: laptop.accessToken,
    })
    t.match(ended, { status: 200, body: { ended: 1, processes: { asked: 2, answered: 2 } } })
    for (const base of [one, two]) {
      t.match(await ask(base, '/home'), { status: 401, body: { reason: 'ended_by_user' } })
    }
  })
})
