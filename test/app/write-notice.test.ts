import t from 'tap'
import { createWriteNotice } from '../../src/app/write-notice.js'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

await t.test('write notice asks every process to note the users', async (t) => {
  const broker = createFakeBroker()
  const notice = createWriteNotice({ broker, logger: createMemoryLogger(), timeoutMs: 100 })
  await notice(['ann'])
  await notice(null)
  await notice(Array.from({ length: 1_001 }, (_, index) => `user-${index}`))
  t.strictSame(broker.asked, [
    { kind: 'users_changed', request: { userIds: ['ann'] } },
    { kind: 'users_changed', request: { userIds: null } },
    { kind: 'users_changed', request: { userIds: null } },
  ])
})

await t.test('write notice that cannot be sent is logged and fails nothing', async (t) => {
  const broker = createFakeBroker()
  broker.setDown(true)
  const logger = createMemoryLogger()
  await createWriteNotice({ broker, logger, timeoutMs: 100 })(['ann'])
  t.match(logger.lines, [{ level: 'warn', fields: { err: { code: 'UNAVAILABLE' } } }])
})
