import t from 'tap'
import { createAuthAnnouncer } from '../../src/service/auth-announcer.js'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

const CHANGE = { type: 'profile_changed', userId: 'ada' } as const

await t.test('announce asks every process', async (t) => {
  const broker = createFakeBroker()
  const announcer = createAuthAnnouncer({
    ...{ broker, logger: createMemoryLogger(), surveyTimeoutMs: 100 },
  })
  await announcer.announce(CHANGE)
  t.strictSame(broker.asked, [{ kind: 'auth_changed', request: { change: CHANGE } }])
})

await t.test('announce never rejects: what it tells has happened already', async (t) => {
  const broker = createFakeBroker()
  const logger = createMemoryLogger()
  broker.setDown(true)
  await createAuthAnnouncer({ broker, logger, surveyTimeoutMs: 100 }).announce(CHANGE)
  t.match(logger.lines, [{ level: 'warn', fields: { type: 'profile_changed' } }])
})
