/** Accounts and keys across processes: what is changed in one is over in all, whatever keeps it. */
import type { Test } from 'tap'
import { proveAccountFlows } from './account-flow-suite.js'
import { type AccountHouse, openAccountHouse, SERVICE_SECRET } from './account-processes.js'
import { runApp } from './app-process.js'
import { call, login, PASSWORD, registerAndLogin } from './http-client.js'
import { openPushClient } from './push-client.js'

const NEW_PASSWORD = 'another horse battery staple'

/** All of it, step by step. `env` chooses the stores; the steps are the same for all. */
export async function proveAccounts(
  t: Test,
  env: Readonly<Record<string, string>> = {},
): Promise<AccountHouse> {
  const house = await openAccountHouse(t, env)
  await proveAdministration(t, house)
  await proveAccountFlows(t, house)
  await proveKeys(t, house)
  await proveThrottle(t, house)
  return house
}

/** What is done to an account, by its owner, an administrator or the operator. */
async function proveAdministration(t: Test, house: AccountHouse): Promise<void> {
  const { here, there, root, options, socket, processes, refused } = house

  await t.test('a frozen user is out everywhere, with open sockets closed', async (t) => {
    const ann = await registerAndLogin(here, 'ann')
    const client = await openPushClient(t, socket.address('socket'), {
      token: ann.accessToken,
      event: 'news',
    })
    const denied = await call('PATCH', `${there}/admin/users/${ann.userId}`, {
      token: ann.accessToken,
      json: { role: 'admin' },
    })
    t.match(denied, { status: 403, body: { reason: 'admin_required' } })
    const frozen = await call('PATCH', `${there}/admin/users/${ann.userId}`, {
      token: root.accessToken,
      json: { state: 'frozen' },
    })
    t.match(frozen, {
      status: 200,
      body: { user: { state: 'frozen' }, end: { ended: 1, connectionsClosed: 1, processes } },
    })
    t.same(await client.closed, { code: 4401, reason: 'user_frozen' })
    await refused(ann.accessToken, 'user_frozen')
    const thawed = await runApp(['user', 'unfreeze', 'ann'], options)
    t.match(thawed, { code: 0, stdout: /^user ann is now active\n/ })
    await t.resolves(login(there, 'ann'))
  })

  await t.test('a changed password leaves one session, a reset none', async (t) => {
    const bob = await registerAndLogin(here, 'bob')
    const other = await login(there, 'bob')
    const changed = await call('POST', `${here}/me/password`, {
      token: bob.accessToken,
      json: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD },
    })
    t.match(changed, { status: 200, body: { ended: 1, processes } })
    await refused(other.accessToken, 'password_changed')
    t.equal((await call('GET', `${there}/me`, { token: bob.accessToken })).status, 200)
    const made = await runApp(['user', 'reset-password', 'bob', '--json'], options)
    t.equal(made.code, 0, made.stderr)
    const { token } = JSON.parse(made.stdout) as { token: string }
    const reset = { json: { token, newPassword: PASSWORD } }
    t.equal((await call('POST', `${there}/auth/reset_password`, reset)).status, 204)
    await refused(bob.accessToken, 'password_reset')
    t.match(await call('POST', `${here}/auth/reset_password`, reset), {
      status: 400,
      body: { reason: 'reset_token_invalid' },
    })
    await t.resolves(login(here, 'bob'))
  })

  await t.test('the command line is not among the processes', async (t) => {
    const eve = await registerAndLogin(here, 'eve')
    const ended = await runApp(['session', 'end', '--user', 'eve', '--json'], options)
    t.equal(ended.code, 0, ended.stderr)
    t.same(JSON.parse(ended.stdout), { ended: 1, connectionsClosed: 0, processes })
    await refused(eve.accessToken, 'ended_by_admin')
    const gone = await runApp(['user', 'delete', 'eve'], options)
    t.match(gone, { code: 0, stdout: /^deleted user eve / })
    const log = await runApp(['audit', 'list', '--user-id', eve.userId, '--json'], options)
    t.equal(log.code, 0, log.stderr)
    const types = (JSON.parse(log.stdout) as { type: string }[]).map(({ type }) => type)
    t.same(types, ['user.deleted', 'session.ended', 'session.started', 'user.registered'])
  })
}

/** What other services and the operator do with tokens and keys. */
async function proveKeys(t: Test, house: AccountHouse): Promise<void> {
  const { here, there, options, socket, processes, refused } = house

  await t.test('other services ask, and revoke', async (t) => {
    const dan = await registerAndLogin(here, 'dan')
    const form = async (route: string, token: string) => {
      const response = await fetch(`${there}/oauth/${route}`, {
        method: 'POST',
        headers: { authorization: `Basic ${btoa(`billing:${SERVICE_SECRET}`)}` },
        body: new URLSearchParams({ token }),
      })
      return { status: response.status, text: await response.text() }
    }
    const good = JSON.parse((await form('introspect', dan.accessToken)).text) as object
    t.match(good, { active: true, username: 'dan', sid: dan.sessionId, iss: 'gatehouse' })
    t.same(await form('revoke', dan.refreshToken), { status: 200, text: '' })
    t.equal((await form('introspect', dan.accessToken)).text, '{"active":false}')
    await refused(dan.accessToken, 'token_revoked')
  })

  await t.test('keys rotate under load without one false refusal', async (t) => {
    const user = await registerAndLogin(here, 'rita')
    await registerAndLogin(here, 'sam')
    let isOver = false
    let requests = 0
    const wrong: unknown[] = []
    const load = async (url: string): Promise<void> => {
      let refreshToken = user.refreshToken
      if (url === there) refreshToken = (await login(there, 'rita')).refreshToken
      while (!isOver) {
        const fresh = await call('POST', `${url}/auth/refresh_token`, { json: { refreshToken } })
        refreshToken = String(fresh.body['refreshToken'])
        const token = String(fresh.body['accessToken'])
        // What one process has just signed, the other one has to know.
        for (const at of [here, there]) {
          const { status, body } = await call('GET', `${at}/me`, { token })
          requests += 1
          if (status !== 200) wrong.push(body)
        }
      }
    }
    const loading = Promise.all([load(here), load(there)])
    const rotated = await runApp(['keys', 'rotate', '--delay-seconds', '0', '--json'], options)
    const { id } = JSON.parse(rotated.stdout) as { id: string }
    const signedBy = async (): Promise<string> => {
      const { accessToken } = await login(here, 'sam')
      const header = Buffer.from(accessToken.split('.')[0] ?? '', 'base64url').toString()
      return (JSON.parse(header) as { kid: string }).kid
    }
    while ((await signedBy()) !== id) requests += 1
    isOver = true
    await loading
    t.ok(requests > 10)
    t.same(wrong, [])
  })

  await t.test('a burned key opens nothing any more, in any process', async (t) => {
    const kim = await registerAndLogin(here, 'kim')
    const header = Buffer.from(kim.accessToken.split('.')[0] ?? '', 'base64url').toString()
    const { kid } = JSON.parse(header) as { kid: string }
    const client = await openPushClient(t, socket.address('socket'), {
      token: kim.accessToken,
      event: 'news',
    })
    const burned = await runApp(['keys', 'burn', kid, '--json'], options)
    t.match(JSON.parse(burned.stdout), { key: { id: kid }, end: { processes } })
    await refused(kim.accessToken, 'token_key_unknown')
    t.same(await client.closed, { code: 4401, reason: 'key_burned' })
    t.match(
      await call('POST', `${here}/auth/refresh_token`, {
        json: { refreshToken: kim.refreshToken },
      }),
      { status: 401, body: { reason: 'token_key_unknown' } },
    )
    const again = await login(there, 'kim')
    t.equal((await call('GET', `${here}/me`, { token: again.accessToken })).status, 200)
    const set = await call('GET', `${here}/.well-known/jwks.json`)
    t.notOk(set.text.includes(kid))
  })
}

/** Counters that all processes share. It spends the budget of the address, so it comes last. */
async function proveThrottle(t: Test, house: AccountHouse): Promise<void> {
  const { here, there, first, second } = house

  await t.test('guessing is throttled in all processes, whatever a header says', async (t) => {
    await registerAndLogin(here, 'tim')
    const guess = (index: number) =>
      call('POST', `${index % 2 === 0 ? here : there}/auth/login`, {
        json: { username: 'tim', password: 'wrong password' },
        headers: { 'x-forwarded-for': `203.0.113.${index}` },
      })
    for (let index = 0; index < 10; index += 1) t.equal((await guess(index)).status, 401)
    const throttled = await guess(11)
    t.match(throttled, {
      status: 429,
      body: { code: 'RESOURCE_EXHAUSTED', reason: 'too_many_attempts' },
    })
    t.ok(Number(throttled.headers['retry-after']) > 800)
    const log = [...first.log, ...second.log].map((line) => JSON.stringify(line)).join('\n')
    for (const secret of ['wrong password', PASSWORD, SERVICE_SECRET]) t.notOk(log.includes(secret))
  })
}
