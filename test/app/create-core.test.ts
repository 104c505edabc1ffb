import { PassThrough } from 'node:stream'
import { writeFileSync } from 'node:fs'
import t from 'tap'
import { createCore } from '../../src/app/create-core.js'
import { testConfig } from '../helpers/app-config.js'

await t.test('core opens the store, makes the first key and offers the services', async (t) => {
  const config = await testConfig(t.testdir())
  const core = await createCore({ config, processKind: 'http', logStream: new PassThrough() })
  t.same(await core.migrator.status().then(({ pending }) => pending), [])
  t.match(await core.keys.list(), [{ status: 'current', algorithm: config.auth.algorithm }])
  t.equal(core.publicKeys.publicKeySet().keys.length, 1)
  t.equal(await core.accounts.hasAdmin(), false)
  core.readiness.set(true)
  t.same(await core.readiness.check(), { ready: true, parts: { store: 'ok' } })
  await core.lifecycle.close()
  t.match(await core.readiness.check(), { ready: false, parts: { store: 'failing' } })
})

await t.test('core stops the clock of its services where a test asks for it', async (t) => {
  const config = await testConfig(t.testdir())
  const clock = { now: () => 1_000_000_000_000 }
  const core = await createCore(
    { config, processKind: 'http', logStream: new PassThrough() },
    { clock },
  )
  t.teardown(() => core.lifecycle.close())
  const user = await core.accounts.register(
    { username: 'ada', password: 'correct horse battery' },
    '127.0.0.1',
  )
  t.equal(user.createdAt, 1_000_000_000_000)
})

await t.test('cores of one store show the same user, whichever changed them', async (t) => {
  const config = await testConfig(t.testdir())
  const open = async () => {
    const core = await createCore({ config, processKind: 'http', logStream: new PassThrough() })
    t.teardown(() => core.lifecycle.close())
    return core
  }
  const [here, there] = [await open(), await open()]
  const password = 'correct horse battery'
  const { id } = await here.accounts.register({ username: 'ada', password }, '127.0.0.1')
  const client = { clientId: 'client', userAgent: 'test', address: '127.0.0.1' }
  const signIn = await here.sessions.login({ login: 'ada', password, remember: false }, client)
  const namesNow = () =>
    Promise.all(
      [here, there].map(async ({ authentication, sessions }) => {
        const principal = await authentication.authenticate(signIn.accessToken)
        return (await sessions.current(principal)).user.displayName
      }),
    )
  t.strictSame(await namesNow(), ['ada', 'ada'])
  for (const displayName of ['Ada', 'Augusta']) {
    await here.accounts.updateProfile(id, { displayName })
    t.strictSame(await namesNow(), [displayName, displayName])
  }
})

await t.test('core names the file that is no database and leaves nothing open', async (t) => {
  const dataDir = t.testdir()
  const config = await testConfig(dataDir)
  writeFileSync(`${dataDir}/app.db`, 'this is not a database, whatever its name says'.repeat(100))
  await t.rejects(createCore({ config, processKind: 'http', logStream: new PassThrough() }), {
    code: 'FAILED_PRECONDITION',
    reason: 'store_invalid',
    message: /app\.db/,
  })
})
