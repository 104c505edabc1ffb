import t from 'tap'
import { SurveyDesk } from '../../src/broker/survey-desk.js'
import type { SurveyHandlers } from '../../src/domain/broker.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { surveyHandlers } from '../helpers/survey-handlers.js'

const HANDLERS: SurveyHandlers = {
  ...surveyHandlers(),
  sessions_ended: ({ sessions }) => ({ connectionsClosed: sessions.length }),
  push: () => {
    throw new Error('no hub')
  },
  count_connections: () => ({ bySession: {} }),
}
const PUSH = { userId: 'u', event: 'e', message: 'm' }

function createDesk() {
  const logger = createMemoryLogger()
  return { logger, desk: new SurveyDesk({ processId: 'me', logger }) }
}

await t.test('a desk is opened once, and not after its end', async (t) => {
  const { desk } = createDesk()
  t.throws(() => desk.askOwn('push', PUSH, false), {
    code: 'UNAVAILABLE',
    reason: 'broker_closed',
  })
  desk.open(HANDLERS, () => undefined, false)
  t.equal(desk.isOpen(), true)
  t.throws(() => desk.open(HANDLERS, () => undefined, false), {
    code: 'INTERNAL',
    reason: 'broker_started',
  })
  t.throws(() => desk.askOwn('push', PUSH, true), { code: 'UNAVAILABLE', reason: 'broker_closed' })
  desk.reset()
  t.equal(desk.isOpen(), false)
  t.throws(() => desk.open(HANDLERS, () => undefined, true), {
    code: 'INTERNAL',
    reason: 'broker_started',
  })
})

await t.test('a handler of this process that fails is no answer, and is logged', async (t) => {
  const { desk, logger } = createDesk()
  desk.open(HANDLERS, () => undefined, false)
  t.same(desk.askOwn('sessions_ended', { sessions: [] }, false), { connectionsClosed: 0 })
  t.equal(desk.askOwn('push', PUSH, false), null)
  t.match(logger.lines, [{ level: 'error', message: 'a survey handler failed' }])
  const nobody = { answers: [], missing: ['other'] }
  t.same(desk.total<'push'>(null, ['other'], nobody), {
    asked: 2,
    answers: [],
    missing: ['me', 'other'],
  })
  t.same(desk.total<'push'>({ delivered: 1 }, ['other'], nobody), {
    asked: 2,
    answers: [{ delivered: 1 }],
    missing: ['other'],
  })
})

await t.test(
  'a question of another process is answered, or it is told that it is not',
  async (t) => {
    const { desk, logger } = createDesk()
    desk.open(HANDLERS, () => undefined, false)
    const asked = desk.gather('sessions_ended', ['other', 'silent', 'older'], 50)
    asked.survey.receive('other', desk.answer('sessions_ended', '{"sessions":[]}', {}))
    asked.survey.receive('older', desk.answer('unheard of', '{}', { from: 'older' }))
    t.same(await asked.gathered, {
      answers: [{ connectionsClosed: 0 }],
      missing: ['older', 'silent'],
    })
    t.match(
      logger.lines.map(({ message }) => message),
      ['message skipped', 'no answer to a survey'],
    )
  },
)

await t.test('a gap is told, and a check that fails is survived', async (t) => {
  const { desk, logger } = createDesk()
  desk.open(
    HANDLERS,
    () => {
      throw new Error('store away')
    },
    false,
  )
  desk.reportGap('slept')
  t.match(logger.lines, [
    { level: 'warn', fields: { why: 'slept' } },
    { level: 'error', message: 'the check after a gap failed' },
  ])
})
