/** The promise on the embedded store: a session ended anywhere is over everywhere. */
import t from 'tap'
import { API_KEY, startApp } from '../helpers/app-process.js'
import { call, registerAndLogin } from '../helpers/http-client.js'
import { provePromise } from '../helpers/promise-suite.js'
import { openPushClient } from '../helpers/push-client.js'
import { waitFor } from '../helpers/wait-for.js'

await t.test('embedded store', (t) => provePromise(t))

await t.test('a killed socket process is named, never waited for', async (t) => {
  const dataDir = t.testdir()
  const [http, first, second] = await Promise.all([
    startApp(t, 'http', { dataDir }),
    startApp(t, 'socket', { dataDir }),
    startApp(t, 'socket', { dataDir }),
  ])
  const url = `http://${http.address('http')}`
  const user = await registerAndLogin(url, 'mallory')
  const client = await openPushClient(t, second.address('socket'), {
    token: user.accessToken,
    event: 'news',
  })
  const through = async () =>
    (
      await call('POST', `http://${first.address('socket')}/push`, {
        headers: { 'x-api-key': API_KEY },
        json: { userId: user.userId, event: 'news', message: 'm' },
      })
    ).body
  t.same(await through(), { delivered: 1, processes: { asked: 3, answered: 3 } })
  await second.stop('SIGKILL')
  await client.closed
  t.same(await through(), { delivered: 0, processes: { asked: 3, answered: 2 } })
  await waitFor(
    'the dead process is no longer asked',
    async () => ((await through())['processes'] as { asked: number }).asked === 2,
    15_000,
  )
})
