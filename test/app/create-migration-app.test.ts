import t from 'tap'
import { createMigrationApp } from '../../src/app/create-migration-app.js'
import { testConfig } from '../helpers/app-config.js'

await t.test('migration app goes up, one down, and says where it stands', async (t) => {
  const app = await createMigrationApp({ config: await testConfig(t.testdir()) })
  t.teardown(() => app.close())
  const before = await app.status()
  t.ok(before.length > 0)
  t.ok(before.every(({ appliedAt }) => appliedAt === null))
  const applied = await app.up()
  t.same(
    applied,
    before.map(({ name }) => name),
  )
  t.same(await app.up(), [])
  t.ok((await app.status()).every(({ appliedAt }) => typeof appliedAt === 'number'))
  t.equal(await app.down(), applied.at(-1))
  t.match((await app.status()).at(-1), { name: applied.at(-1), appliedAt: null })
})
