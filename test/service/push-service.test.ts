import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import {
  createPushService,
  PUSH_FIELD_BYTES_MAX,
  PUSH_MESSAGE_BYTES_MAX,
  type PushAuthorizer,
} from '../../src/service/push-service.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { surveyDeps } from '../helpers/stub-survey-handlers.js'

const MESSAGE = { userId: 'user-1', event: 'news', message: 'hello' }

function createHouse(more: { authorize?: PushAuthorizer } = {}) {
  const broker = createFakeBroker()
  const pushed: string[][] = []
  const dropped: object[] = []
  for (const delivered of [2, 3]) {
    const hub = {
      deliver: (...message: string[]) => {
        pushed.push(message)
        return { written: delivered, queued: 1, dropped: delivered - 1 }
      },
      drop: (target: { userId: string; event?: string }) => {
        dropped.push(target)
        return delivered
      },
    }
    broker.join(createSurveyHandlers(surveyDeps({ hub })))
  }
  const pushService = createPushService({ broker, surveyTimeoutMs: 100, ...more })
  return { broker, pushed, dropped, pushService }
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

await t.test('a receipt says what became of the message, and who did not say', async (t) => {
  const { pushService, broker } = createHouse()
  broker.joinSilent('process-3')
  const processes = { asked: 3, answered: 2, missing: ['process-3'] }
  t.match(await pushService.push({ ...MESSAGE, receipt: 'written' }), {
    delivered: 5,
    receipt: { processes, written: 5, queued: 2, dropped: 3 },
  })
  t.match(await pushService.push({ ...MESSAGE, receipt: 'nodes' }), {
    receipt: { processes, written: 0, queued: 0, dropped: 0 },
  })
  t.notOk('receipt' in (await pushService.push({ ...MESSAGE, receipt: 'none' })))
})

await t.test('a push that is not authorised reaches nobody', async (t) => {
  const { pushService, pushed } = createHouse({
    authorize: ({ event }) => {
      if (event === 'secret') throw new AppError('PERMISSION_DENIED', 'event_refused', 'No.')
    },
  })
  await t.rejects(pushService.push({ ...MESSAGE, event: 'secret' }), {
    code: 'PERMISSION_DENIED',
    reason: 'event_refused',
  })
  t.strictSame(pushed, [])
  t.match(await pushService.push(MESSAGE), { delivered: 5 })
})

await t.test('drop closes in every process', async (t) => {
  const { pushService, dropped } = createHouse()
  const processes = { asked: 2, answered: 2, missing: [] }
  t.strictSame(await pushService.drop({ userId: 'user-1' }), { connections: 5, processes })
  await pushService.drop({ userId: 'user-1', event: 'news' })
  t.strictSame(dropped.slice(1, 3), [{ userId: 'user-1' }, { userId: 'user-1', event: 'news' }])
  await t.rejects(pushService.drop({ userId: '', event: '' }), {
    code: 'INVALID_ARGUMENT',
    details: [{ path: 'userId' }, { path: 'event' }],
  })
})
