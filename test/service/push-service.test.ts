import t from 'tap'
import { createAuthObservers } from '../../src/realtime/auth-observers.js'
import { createSessionHandles } from '../../src/realtime/session-handles.js'
import {
  createPushService,
  PUSH_FIELD_BYTES_MAX,
  PUSH_MESSAGE_BYTES_MAX,
} from '../../src/service/push-service.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { createFakeBroker } from '../helpers/fake-broker.js'

const MESSAGE = { userId: 'user-1', event: 'news', message: 'hello' }

function createHouse() {
  const broker = createFakeBroker()
  const pushed: string[][] = []
  for (const delivered of [2, 3]) {
    const hub = {
      push: (...message: string[]) => {
        pushed.push(message)
        return delivered
      },
    }
    broker.join(
      createSurveyHandlers({
        ...{ handles: createSessionHandles(), observers: createAuthObservers(), hub },
      }),
    )
  }
  return { broker, pushed, pushService: createPushService({ broker, surveyTimeoutMs: 100 }) }
}

await t.test('push delivers in every process and adds up', async (t) => {
  const { pushService, pushed } = createHouse()
  t.strictSame(await pushService.push(MESSAGE), {
    delivered: 5,
    processes: { asked: 2, answered: 2 },
  })
  t.strictSame(pushed, [
    ['user-1', 'news', 'hello'],
    ['user-1', 'news', 'hello'],
  ])
})

await t.test('push is honest about a process that did not answer', async (t) => {
  const { pushService, broker } = createHouse()
  broker.joinSilent('process-3')
  t.strictSame(await pushService.push(MESSAGE), {
    delivered: 5,
    processes: { asked: 3, answered: 2 },
  })
})

await t.test('push refuses empty and oversize fields, all at once', async (t) => {
  const { pushService, broker } = createHouse()
  const field = `1 to ${PUSH_FIELD_BYTES_MAX} bytes.`
  const message = `1 to ${PUSH_MESSAGE_BYTES_MAX} bytes.`
  const refused = {
    code: 'INVALID_ARGUMENT',
    reason: 'invalid_argument',
    message: 'The message cannot be pushed.',
    details: [
      { path: 'userId', message: field },
      { path: 'event', message: field },
      { path: 'message', message },
    ],
  }
  await t.rejects(pushService.push({ userId: '', event: '', message: '' }), refused)
  const over = { userId: 'ü'.repeat(129), event: 'x'.repeat(257), message: 'x'.repeat(65_537) }
  await t.rejects(pushService.push(over), refused)
  t.strictSame(broker.asked, [])
  const largest = { userId: 'ü'.repeat(128), event: 'x'.repeat(256), message: 'x'.repeat(65_536) }
  t.match(await pushService.push(largest), { delivered: 5 })
})

await t.test('push passes on that the broker is away', async (t) => {
  const { pushService, broker } = createHouse()
  broker.setDown(true)
  await t.rejects(pushService.push(MESSAGE), { code: 'UNAVAILABLE', reason: 'broker_unavailable' })
})
