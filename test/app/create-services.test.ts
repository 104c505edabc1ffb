import { PassThrough } from 'node:stream'
import t from 'tap'
import { createCore } from '../../src/app/create-core.js'
import { testConfig } from '../helpers/app-config.js'

const CLIENT = { clientId: 'client', userAgent: 'test', address: '127.0.0.1' }
const LOGIN = { login: 'ada', password: 'correct horse battery', remember: false }

async function coreWith(dataDir: string, overrides: Record<string, unknown> = {}) {
  const config = await testConfig(dataDir, overrides)
  return createCore({ config, processKind: 'http', logStream: new PassThrough() })
}

await t.test('services refuse a common password', async (t) => {
  const core = await coreWith(t.testdir())
  t.teardown(() => core.lifecycle.close())
  await t.rejects(core.accounts.register({ username: 'ada', password: 'password123' }, ''), {
    code: 'INVALID_ARGUMENT',
    details: [{ path: 'password' }],
  })
})

await t.test('services follow the session policy of the configuration', async (t) => {
  const core = await coreWith(t.testdir(), { 'session.policy': 'single' })
  t.teardown(() => core.lifecycle.close())
  await core.accounts.register({ username: LOGIN.login, password: LOGIN.password }, '')
  const first = await core.sessions.login(LOGIN, CLIENT)
  const second = await core.sessions.login(LOGIN, { ...CLIENT, clientId: 'other' })
  await t.rejects(core.authentication.authenticate(first.accessToken), {
    code: 'UNAUTHENTICATED',
    reason: 'signed_in_elsewhere',
  })
  t.match(await core.authentication.authenticate(second.accessToken), {
    sessionId: second.sessionId,
  })
})

await t.test(
  'services refuse the sign-in over the limit where the configuration says so',
  async (t) => {
    const core = await coreWith(t.testdir(), { 'session.limit': 1, 'session.onLimit': 'refuse' })
    t.teardown(() => core.lifecycle.close())
    await core.accounts.register({ username: LOGIN.login, password: LOGIN.password }, '')
    await core.sessions.login(LOGIN, CLIENT)
    await t.rejects(core.sessions.login(LOGIN, { ...CLIENT, clientId: 'other' }), {
      code: 'RESOURCE_EXHAUSTED',
      reason: 'session_limit',
    })
  },
)
