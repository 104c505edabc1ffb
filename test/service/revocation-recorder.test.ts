import t from 'tap'
import { createRevocationRecorder } from '../../src/service/revocation-recorder.js'
import type { EndedSession } from '../../src/domain/session.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { createMemoryRevocationLog } from '../helpers/memory-revocation-log.js'

const ended = (id: string): EndedSession => ({ id, userId: 'u', reason: 'logged_out' })

function createHouse() {
  const revocationLog = createMemoryRevocationLog()
  const logger = createMemoryLogger()
  const clock = createFakeClock()
  const recorder = createRevocationRecorder({ revocationLog, clock, logger })
  return { revocationLog, logger, clock, recorder }
}

await t.test('recorder writes sessions down with the time', async (t) => {
  const { revocationLog, clock, recorder } = createHouse()
  await recorder.record([])
  t.strictSame(revocationLog.entries, [])
  await recorder.record([ended('a')])
  t.strictSame(revocationLog.entries, [{ ...ended('a'), number: 1, endedAt: clock.now() }])
})

await t.test('recorder writes what failed before anything newer', async (t) => {
  const { revocationLog, logger, recorder } = createHouse()
  revocationLog.setDown(true)
  const down = { code: 'UNAVAILABLE', reason: 'log_down' }
  await t.rejects(recorder.record([ended('a')]), down)
  await t.rejects(recorder.record([ended('b')]), down)
  t.match(logger.lines.at(-1), {
    level: 'error',
    message: 'cannot write ended sessions to the log',
    fields: { waiting: 2 },
  })
  revocationLog.setDown(false)
  await recorder.record([])
  await recorder.record([ended('c')])
  t.strictSame(
    revocationLog.entries.map(({ id }) => id),
    ['a', 'b', 'c'],
  )
})
