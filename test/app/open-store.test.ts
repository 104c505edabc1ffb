import t from 'tap'
import { openStore } from '../../src/app/open-store.js'
import { systemClock } from '../../src/app/system-clock.js'
import { testConfig } from '../helpers/app-config.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

await t.test('store answers a ping until it is closed', async (t) => {
  const config = await testConfig(t.testdir(), { 'store.sqlite.file': 'nested/own.db' })
  const store = await openStore({
    ...{ config, clock: systemClock, logger: createMemoryLogger() },
    processKind: 'test',
  })
  await store.migrator.up()
  store.checks['store']?.()
  t.equal(await store.users.findByUsername('nobody'), null)
  await store.close()
  await store.close()
  t.throws(() => store.checks['store']?.())
})
