/** Two HTTP processes on a primary with a replica: what stands still, and what dies, seen from outside. */
import t, { type Test } from 'tap'
import { type AppProcess, runApp, startApp } from '../helpers/app-process.js'
import { call, PASSWORD, registerAndLogin } from '../helpers/http-client.js'
import { startMariaDbPair } from '../helpers/server/mariadb.js'
import { sharedRedis } from '../helpers/server/redis.js'
import { skipUnless } from '../helpers/server/service-binary.js'
import { uniqueName } from '../helpers/server/unique-name.js'
import { waitFor } from '../helpers/wait-for.js'

const FILE_TIMEOUT_MS = 120_000
const RECOVERY_MS_MAX = 30_000
const ROUNDS = 20
const READ_YOUR_WRITES_MS = 4_000

t.setTimeout(FILE_TIMEOUT_MS)

async function openHouse(t: Test) {
  const [pair, redis] = await Promise.all([startMariaDbPair(t), sharedRedis()])
  const database = await pair.createDatabase()
  const env = {
    APP_MYSQL_URL: database.primaryUrl,
    APP_MYSQL_REPLICA_URLS: database.replicaUrls.join(','),
    APP_MYSQL_READ_YOUR_WRITES_MS: String(READ_YOUR_WRITES_MS),
    APP_REDIS_URL: redis.url,
    APP_REDIS_KEY_PREFIX: `${uniqueName('ryw')}:`,
    APP_LOG_LEVEL: 'debug',
  }
  const options = { dataDir: t.testdir(), env }
  const [one, two] = await Promise.all([startApp(t, 'http', options), startApp(t, 'http', options)])
  return { pair, one, two, options }
}

const urlOf = (app: AppProcess): string => `http://${app.address('http')}`
const READ_BY_ID = /^select .* from `users` where `id` = \?$/

await t.test(
  'a write through one process',
  { skip: skipUnless('mariadb') || skipUnless('redis') },
  async (t) => {
    const { pair, one, two, options } = await openHouse(t)
    const { host, port } = pair.replica
    const ada = await registerAndLogin(urlOf(one), 'ada')
    const token = ada.accessToken
    const me = (app: AppProcess) => call('GET', `${urlOf(app)}/me`, { token })
    const rename = (app: AppProcess, displayName: string) =>
      call('PATCH', `${urlOf(app)}/me`, { token, json: { displayName } })
    let { refreshToken } = ada
    // A refresh reads the user each time; who is signed in is shown from the memory of the process.
    const readFromReplica = (app: AppProcess) => async (): Promise<boolean> => {
      const refresh = await call('POST', `${urlOf(app)}/auth/refresh_token`, {
        json: { refreshToken },
      })
      refreshToken = String(refresh.body['refreshToken'])
      const last = app.log.findLast((line) => READ_BY_ID.test(String(line['sql'])))
      return last?.['server'] === `${host}:${port}`
    }
    await waitFor(
      'the second process reads from the replica',
      readFromReplica(two),
      RECOVERY_MS_MAX,
    )

    await t.test('is read through the other, though the replica stands still', async (t) => {
      await pair.lagBehind()
      const stale: string[] = []
      for (let round = 0; round < ROUNDS; round += 1) {
        const displayName = `Ada ${round}`
        t.match(await rename(one, displayName), { status: 200 })
        const { body } = await me(two)
        if ((body['user'] as { displayName: string }).displayName !== displayName)
          stale.push(displayName)
      }
      t.strictSame(stale, [])
      const bob = await registerAndLogin(urlOf(one), 'bob')
      const frozen = await runApp(['user', 'freeze', 'bob'], options)
      t.match(frozen, { code: 0, stdout: /^user bob is now frozen\n/ }, 'and by a new process')
      const log = await runApp(['audit', 'list', '--user', 'bob', '--json'], options)
      t.match(JSON.parse(log.stdout), [
        { type: 'session.ended' },
        { type: 'user.frozen', userId: bob.userId },
      ])
      await pair.followPrimary()
      await pair.synced()
    })

    await t.test('is refused while the primary is down, and reads go on', async (t) => {
      await waitFor(
        'the first process reads from the replica',
        readFromReplica(one),
        RECOVERY_MS_MAX,
      )
      await pair.primary.kill()
      t.match(await rename(one, 'Eve'), {
        status: 503,
        body: { code: 'UNAVAILABLE', reason: 'store_unavailable' },
      })
      t.match(await me(one), { status: 200, body: { user: { displayName: `Ada ${ROUNDS - 1}` } } })
      t.match(await me(two), { status: 200 })
      t.match(
        await call('POST', `${urlOf(one)}/auth/login`, {
          json: { username: 'ada', password: PASSWORD },
        }),
        { status: 503, body: { code: 'UNAVAILABLE' } },
        'a sign-in wants the newest password',
      )
      t.match(await call('GET', `${urlOf(one)}/health/ready`), { status: 200 }, 'it can still read')
      await pair.primary.restart()
      const restartedAt = performance.now()
      await waitFor(
        'writes succeed again',
        async () => (await rename(one, 'Ada')).status === 200,
        RECOVERY_MS_MAX,
      )
      t.comment(`writes again ${Math.round(performance.now() - restartedAt)} ms after the primary`)
      // The other process notices by itself that the primary is back; until then it refuses.
      const seen = await waitFor('the second process reads', async () => {
        const answer = await me(two)
        return answer.status === 503 ? undefined : answer
      })
      t.match(seen, { status: 200, body: { user: { displayName: 'Ada' } } })
    })
  },
)
