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
