/** kill -9 in the middle of writes loses no acknowledged user, session, or end of a session. */
import t from 'tap'
import { startApp } from '../helpers/app-process.js'
import { call, PASSWORD, type SignedIn, login } from '../helpers/http-client.js'

const WRITERS = 8
const ACKNOWLEDGED_BEFORE_KILL = 60

await t.test('kill -9 loses nothing that was acknowledged', async (t) => {
  const dataDir = t.testdir()
  const app = await startApp(t, 'up', { dataDir })
  const url = `http://${app.address('http')}`
  const users: string[] = []
  const alive: SignedIn[] = []
  const ended: SignedIn[] = []

  const writer = async (id: number): Promise<void> => {
    for (let turn = 0; ; turn += 1) {
      const username = `user-${id}-${turn}`
      try {
        const made = await call('POST', `${url}/auth/register`, {
          json: { username, password: PASSWORD },
        })
        if (made.status !== 201) throw new Error(made.text)
        users.push(username)
        const session = await login(url, username)
        if (turn % 2 === 0) {
          alive.push(session)
          continue
        }
        const out = await call('POST', `${url}/auth/logout`, { token: session.accessToken })
        if (out.status === 204) ended.push(session)
      } catch {
        return
      } finally {
        if (users.length >= ACKNOWLEDGED_BEFORE_KILL) app.child.kill('SIGKILL')
      }
    }
  }
  await Promise.all(Array.from({ length: WRITERS }, (_, id) => writer(id)))
  t.equal((await app.stop()).signal, 'SIGKILL')
  t.ok(users.length >= ACKNOWLEDGED_BEFORE_KILL)

  const again = await startApp(t, 'up', { dataDir })
  const secondUrl = `http://${again.address('http')}`
  for (const { accessToken, username } of alive) {
    const answer = await call('GET', `${secondUrl}/me`, { token: accessToken })
    t.match(answer, { status: 200, body: { user: { username } } })
  }
  for (const { accessToken } of ended) {
    const answer = await call('GET', `${secondUrl}/me`, { token: accessToken })
    t.match(answer, { status: 401, body: { reason: 'logged_out' } })
  }
  for (const username of users) {
    const answer = await call('POST', `${secondUrl}/auth/register`, {
      json: { username, password: PASSWORD },
    })
    t.match(answer, { status: 409, body: { reason: 'username_taken' } })
  }
})
