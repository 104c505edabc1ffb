/** kill -9 in the middle of writes loses no acknowledged user, session, or end of a session. */
import { join } from 'node:path'
import t from 'tap'
import { createTransactionRunner } from '../../src/repository/transaction-runner.js'
import { createUnfinishedEndRepository } from '../../src/repository/unfinished-end-repository.js'
import { startApp } from '../helpers/app-process.js'
import { call, login, PASSWORD, registerAndLogin, type SignedIn } from '../helpers/http-client.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'
import { openTestStore } from '../repository/open-test-store.js'

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

await t.test('what kill -9 left of a changed password ends after the next start', async (t) => {
  const dataDir = t.testdir({})
  const app = await startApp(t, 'http', { dataDir })
  const url = `http://${app.address('http')}`
  const owner = await registerAndLogin(url, 'owner')
  const thief = await login(url, 'owner')
  await app.stop('SIGKILL')

  // As the kill leaves it between the commit of the change and the end of the sessions.
  const store = await openTestStore(t, join(dataDir, 'app.db'))
  const transactions = createTransactionRunner(store, createMemoryLogger())
  const end = {
    ...{ id: 'end-1', userId: owner.userId },
    reason: 'password_changed',
    ...{ exceptSessionId: owner.sessionId, changedAt: Date.now() },
  } as const
  const unfinishedEnds = createUnfinishedEndRepository(store)
  await transactions.run((tx) => unfinishedEnds.add(tx, end))

  const again = await startApp(t, 'http', { dataDir })
  const answerTo = ({ accessToken }: SignedIn) =>
    call('GET', `http://${again.address('http')}/me`, { token: accessToken })
  await waitFor('the end', async () => (await answerTo(thief)).status === 401, 20_000)
  t.match(await answerTo(thief), { body: { reason: 'password_changed' } })
  t.equal((await answerTo(owner)).status, 200, 'the session that changed it goes on')
  const isFinished = async () => (await unfinishedEnds.listBefore(Date.now(), 1)).length === 0
  await waitFor('that it is forgotten', isFinished, 20_000)
})
