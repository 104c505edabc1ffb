/** How soon the tabs of GraphQL know that their session has ended. Printed, never judged: machines differ. */
import t, { type Test } from 'tap'
import { startApp } from '../helpers/app-process.js'
import { openLine } from '../helpers/graphql-house.js'
import { call, login, registerAndLogin } from '../helpers/http-client.js'
import { waitFor } from '../helpers/wait-for.js'

const AUTH = 'subscription { auth { authorized reason } }'
const ENDS = 200
const AT_ONCE = 10
const FILE_TIMEOUT_MS = 120_000
t.setTimeout(FILE_TIMEOUT_MS)

const options = { dataDir: t.testdir(), env: { APP_AUTH_ALGORITHM: 'ES256' } }
const [first, second] = await Promise.all([
  startApp(t, 'http', options),
  startApp(t, 'http', options),
])
const [here, there] = [first, second].map((app) => `http://${app.address('http')}`) as [
  string,
  string,
]

for (const [name, url] of [
  ['in the same process', here],
  ['in another process', there],
] as const) {
  await t.test(`${ENDS} ends reach the tabs ${name}`, async (t) => {
    const username = `user-of-${url === here ? 'one' : 'two'}`
    const keeper = await registerAndLogin(here, username)
    const tookMs: number[] = []
    while (tookMs.length < ENDS) {
      const sessions = await Promise.all(
        Array.from({ length: AT_ONCE }, () => login(here, username)),
      )
      const tabs = await Promise.all(
        sessions.map(({ accessToken }) => openTimedTab(t, url, accessToken)),
      )
      for (const [index, { sessionId }] of sessions.entries()) {
        const askedAt = performance.now()
        const token = keeper.accessToken
        const ending = call('DELETE', `${here}/sessions/${sessionId}`, { token })
        tookMs.push(((await tabs[index]?.toldAt) ?? 0) - askedAt)
        t.match(await ending, { status: 200, body: { ended: 1 } })
      }
    }
    t.ok(tookMs.every((ms) => ms > 0))
    t.comment(`request to told, ${name}: ${describe(tookMs)}`)
  })
}

/** A tab that notes when it is told of the end of its session. */
async function openTimedTab(t: Test, url: string, accessToken: string) {
  const line = openLine(t, url, { init: { accessToken } })
  let isReady = false
  const toldAt = new Promise<number>((resolve) => {
    line.client.subscribe<{ auth: { authorized: boolean } }>(
      { query: AUTH },
      {
        next({ data }) {
          if (data?.auth.authorized === true) isReady = true
          else resolve(performance.now())
        },
        error: () => undefined,
        complete: () => undefined,
      },
    )
  })
  await waitFor('the first state', () => isReady)
  return { toldAt }
}

function describe(values: readonly number[]): string {
  const sorted = values.toSorted((a, b) => a - b)
  const at = (share: number): string =>
    (sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1)
  return `p50 ${at(0.5)} ms, p99 ${at(0.99)} ms of ${values.length}`
}
