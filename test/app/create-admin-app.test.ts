import { PassThrough } from 'node:stream'
import t from 'tap'
import { createAdminApp } from '../../src/app/create-admin-app.js'
import { testConfig } from '../helpers/app-config.js'

await t.test('admin app works on the accounts and keys of the house', async (t) => {
  const config = await testConfig(t.testdir())
  const admin = await createAdminApp({ config, logStream: new PassThrough() })
  t.teardown(() => admin.close())
  const user = await admin.accounts.createAsOperator({
    username: 'root',
    password: 'correct horse battery',
    role: 'admin',
  })
  t.match(await admin.accounts.findByUsername('root'), { id: user.id, role: 'admin' })
  t.same(await admin.sessions.listForUser(user.id), [])
  t.match(await admin.keys.list(), [{ status: 'current' }])
})

await t.test('admin app ends, resets and reads the log, and is no process itself', async (t) => {
  const config = await testConfig(t.testdir())
  const admin = await createAdminApp({ config, logStream: new PassThrough() })
  t.teardown(() => admin.close())
  const account = { username: 'ada', password: 'correct horse battery' }
  const { id } = await admin.accounts.createAsOperator({ ...account, role: 'user' })
  const nobody = { actorId: null, address: null }
  const client = { clientId: 'c', userAgent: '', address: '127.0.0.1' }
  await admin.sessions.login({ login: 'ada', ...account, remember: true }, client)
  t.same(await admin.sessions.endAsAdmin({ userId: id }), {
    ended: 1,
    connectionsClosed: 0,
    processes: { asked: 0, answered: 0 },
  })
  const { token } = await admin.credentials.createResetLink(id, nobody)
  await admin.credentials.resetPassword({ token, newPassword: 'battery staple' }, '127.0.0.1')
  const { user } = await admin.userAdmin.update(id, { state: 'frozen' }, nobody)
  t.equal(user.state, 'frozen')
  const { events } = await admin.audit.list({ userId: id, limit: 10 })
  t.same(
    events.map(({ type }) => type),
    [
      'user.frozen',
      'password.reset',
      'password.reset_link_made',
      'session.ended',
      'session.started',
      'user.created',
    ],
  )
  t.match(await admin.audit.list({ type: 'user.frozen', limit: 1 }), { events: [{ userId: id }] })
  await t.rejects(admin.audit.list({ type: 'odd', limit: 1 }), {
    code: 'INVALID_ARGUMENT',
    details: [{ path: 'type' }],
  })
})

await t.test(
  'two hundred sign-ins of one account at once all pass the throttle and the queue',
  async (t) => {
    const config = await testConfig(t.testdir(), { 'password.memoryKib': 1024 })
    const admin = await createAdminApp({ config, logStream: new PassThrough() })
    t.teardown(() => admin.close())
    const account = { username: 'ada', password: 'correct horse battery' }
    await admin.accounts.createAsOperator({ ...account, role: 'user' })
    const client = { clientId: 'c', userAgent: '', address: '127.0.0.1' }
    const input = { login: 'ada', ...account, remember: true }
    const all = await Promise.allSettled(
      Array.from({ length: 200 }, () => admin.sessions.login(input, client)),
    )
    t.same(
      all.filter(({ status }) => status === 'rejected'),
      [],
    )
  },
)
