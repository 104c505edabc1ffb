import t from 'tap'
import { createOutbox, openEnvelope } from '../../../src/broker/redis/outbox.js'

function createBus(): {
  publish: (name: string, text: string) => Promise<void>
  sent: [string, unknown][]
} {
  const sent: [string, unknown][] = []
  return {
    sent,
    async publish(name, text) {
      sent.push([name, openEnvelope(text)])
    },
  }
}

await t.test('Outbox gathers one turn into one envelope per name', async (t) => {
  const bus = createBus()
  const outbox = createOutbox(bus)
  await Promise.all([outbox.post('a', '1'), outbox.post('b', '"x"'), outbox.post('a', '{"y":2}')])
  t.strictSame(bus.sent, [
    ['a', [1, { y: 2 }]],
    ['b', ['x']],
  ])
  await outbox.post('a', '3')
  t.strictSame(bus.sent[2], ['a', [3]])
})

await t.test('Outbox begins another envelope when one is full', async (t) => {
  const bus = createBus()
  const outbox = createOutbox(bus)
  const large = JSON.stringify('x'.repeat(200_000))
  await Promise.all([large, large, '1', '2'].map((message) => outbox.post('a', message)))
  t.strictSame(
    bus.sent.map(([, messages]) => (messages as unknown[]).length),
    [2, 2],
  )
})

await t.test('Outbox tells every sender when its envelope was not sent', async (t) => {
  const outbox = createOutbox({ publish: () => Promise.reject(new Error('down')) })
  const outcomes = await Promise.allSettled([outbox.post('a', '1'), outbox.post('a', '2')])
  t.match(outcomes, [
    { status: 'rejected', reason: { message: 'down' } },
    { status: 'rejected', reason: { message: 'down' } },
  ])
})

await t.test('openEnvelope refuses what is none', async (t) => {
  for (const text of ['', '{}', 'null', '[']) t.equal(openEnvelope(text), null)
  t.strictSame(openEnvelope('[1]'), [1])
})
