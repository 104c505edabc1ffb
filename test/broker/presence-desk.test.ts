import t from 'tap'
import { createPresenceDesk } from '../../src/broker/presence-desk.js'
import { infoOf } from '../contract/presence-store-contract.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

function create() {
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  const desk = createPresenceDesk({ clock, logger, leaseMs: 1_000 })
  const events: string[] = []
  const open = (): void =>
    desk.open(
      (channel) => events.push(channel),
      () => events.push('lost'),
    )
  return { clock, logger, desk, events, open }
}

await t.test('PresenceDesk lets nobody sweep before others could have renewed', async (t) => {
  const { clock, desk, events, open } = create()
  t.equal(desk.maySweep, false)
  open()
  clock.advance(999)
  t.equal(desk.maySweep, false)
  clock.advance(1)
  t.equal(desk.maySweep, true)
  desk.reportLost()
  t.equal(desk.maySweep, false)
  clock.advance(1_000)
  t.equal(desk.maySweep, true)
  desk.close()
  t.equal(desk.maySweep, false)
  desk.reportLost()
  t.strictSame(events, ['lost'], 'not after the end')
})

await t.test('PresenceDesk opens once, again after a reset, and never after the end', async (t) => {
  const { desk, open } = create()
  t.throws(() => desk.assertEntering(), { code: 'INTERNAL', reason: 'presence_not_started' })
  open()
  desk.assertEntering()
  t.throws(open, { code: 'INTERNAL', reason: 'broker_started' })
  desk.reset()
  t.equal(desk.isOpen, false)
  open()
  t.equal(desk.isOpen, true)
  t.equal(desk.close(), true)
  t.equal(desk.close(), false)
  for (const use of [() => desk.assertUsable(), () => desk.assertEntering()]) {
    t.throws(use, { code: 'UNAVAILABLE', reason: 'broker_closed' })
  }
  t.throws(open, { code: 'INTERNAL', reason: 'broker_started' })
})

await t.test('PresenceDesk tells of each entry, also when a listener fails', async (t) => {
  const { logger, desk } = create()
  const heard: string[] = []
  desk.open(
    (channel) => {
      heard.push(channel)
      throw new Error('a bug')
    },
    () => undefined,
  )
  desk.reportSwept(['a', 'b'].map((channel) => ({ channel, info: infoOf('1', 'u') })))
  t.strictSame(heard, ['a', 'b'])
  t.match(logger.lines, [{ message: 'a presence listener failed' }, { level: 'error' }])
})
