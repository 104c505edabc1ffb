import t from 'tap'
import type { Publication } from '../../src/domain/channel-broker.js'
import { createChannelCounts } from '../../src/realtime/channel-counts.js'
import { ChannelState } from '../../src/realtime/channel-state.js'
import { createFlushQueue } from '../../src/realtime/flush-queue.js'
import { createNamespaces } from '../../src/realtime/namespace.js'
import { createReceiptLog } from '../../src/realtime/receipt-log.js'
import { createMemoryChannels } from '../helpers/memory-channel-broker.js'
import { STREAM_RULES } from './channel-rules.js'

const channel = createNamespaces(STREAM_RULES, { kept: {} }).find('kept:a')
const pub = (offset: number): Publication => ({ offset, data: `${offset}`, info: null, tags: null })

async function openState(before?: Promise<void>) {
  const line = createMemoryChannels()
  const broker = line.createBroker()
  const ignore = (): void => {}
  await broker.start({
    ...{ onPublication: ignore, onJoin: ignore, onLeave: ignore, onUnsure: ignore },
  })
  const queue = createFlushQueue(0)
  const data: string[] = []
  const state = new ChannelState(
    channel,
    {
      ...{ broker, queue, receipts: createReceiptLog() },
      ...{ recoveryMax: 5, joinLeaveThreshold: 10 },
      counts: createChannelCounts(),
      onHealFailed: () => {},
    },
    before,
  )
  const subscriber = {
    isPositioned: true,
    wantsJoinLeave: false,
    deliver: (batch: { events: readonly { kind: string; publication?: Publication }[] }) => {
      for (const event of batch.events) data.push(event.publication?.data ?? '')
      return 'written' as const
    },
    lose: () => {},
  }
  return { line, state, data, subscriber }
}

await t.test('publications in any order and twice go out in order and once', async (t) => {
  const { state, data, subscriber } = await openState()
  t.equal(state.position, null)
  t.not(state.emptySinceMs, null)
  await state.attach(subscriber, null, () => {})
  t.equal(state.emptySinceMs, null)
  const epoch = state.position?.epoch ?? ''
  for (const offset of [1, 2, 2, 1, 3]) state.publish(pub(offset), epoch)
  state.publish(pub(0), '')
  state.flush()
  state.flush()
  t.strictSame(data, ['1', '2', '3', '0'])
  t.strictSame(state.position, { offset: 3, epoch })
  t.equal(state.subscriberCount, 1)
  t.ok(state.remove(subscriber))
  t.notOk(state.remove(subscriber))
})

await t.test('the broker is asked only when what was begun before is over', async (t) => {
  let release = (): void => {}
  const { state, line, subscriber } = await openState(new Promise((resolve) => (release = resolve)))
  const attached = state.attach(subscriber, null, () => {})
  t.equal(line.calls.get('subscribe'), undefined)
  release()
  t.ok(await attached)
  t.equal(line.calls.get('subscribe'), 1)
})

await t.test('a heal without a position does nothing', async (t) => {
  const { state, line } = await openState()
  await state.heal()
  t.equal(line.calls.get('history'), undefined)
  t.notOk(state.isDoubtful)
})
