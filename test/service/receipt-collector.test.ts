import t from 'tap'
import { collectReceipt } from '../../src/service/receipt-collector.js'
import { createSurveyHandlers } from '../../src/service/survey-handlers.js'
import { createFakeBroker } from '../helpers/fake-broker.js'
import { surveyDeps } from '../helpers/stub-survey-handlers.js'

const channels = { isOpen: () => true, channelCount: () => 1, subscriptionCount: () => 1 }
const wanted = { receiptId: 'r', channel: 'a:b', kind: 'written' } as const

function createProcesses() {
  const broker = createFakeBroker()
  const [one, two] = [
    surveyDeps({ processId: 'one', channels }),
    surveyDeps({ processId: 'two', channels }),
  ]
  for (const deps of [one, two]) broker.join(createSurveyHandlers(deps))
  return { broker, one, two }
}

await t.test('asks again until every process knows', async (t) => {
  const { broker, one, two } = createProcesses()
  one.receipts.record('r', { written: 2, queued: 1, dropped: 0 })
  setTimeout(() => two.receipts.record('r', { written: 3, queued: 0, dropped: 4 }), 30)
  t.strictSame(await collectReceipt({ broker, timeoutMs: 10_000 }, wanted), {
    processes: { asked: 2, answered: 2, missing: [] },
    written: 5,
    queued: 1,
    dropped: 4,
  })
  t.ok(broker.asked.length > 1)
})

await t.test('gives up in time and names who did not say', async (t) => {
  const { broker, one } = createProcesses()
  one.receipts.record('r', { written: 2, queued: 0, dropped: 0 })
  broker.joinSilent('three')
  t.strictSame(await collectReceipt({ broker, timeoutMs: 40 }, { ...wanted, kind: 'nodes' }), {
    processes: { asked: 3, answered: 1, missing: ['three', 'two'] },
    written: 0,
    queued: 0,
    dropped: 0,
  })
  t.strictSame(
    (await collectReceipt({ broker, timeoutMs: 0 }, wanted)).processes.missing,
    ['three', 'two'],
    'without time one question is asked',
  )
})
