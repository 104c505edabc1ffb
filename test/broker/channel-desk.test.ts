import t from 'tap'
import { createChannelDesk } from '../../src/broker/channel-desk.js'
import { ANN, createChannelEar } from '../contract/channel-ear.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

const RECORD = { offset: 1, epoch: 'e', data: '1', info: null, tags: null }

await t.test('ChannelDesk delivers what a listener listens to', async (t) => {
  const desk = createChannelDesk({ logger: createMemoryLogger() })
  const ear = createChannelEar()
  desk.deliver('a', { kind: 'publication', ...RECORD })
  t.throws(() => desk.assertListening(), { code: 'UNAVAILABLE', reason: 'broker_closed' })
  desk.assertUsable()
  desk.open(ear.listener)
  desk.assertListening()
  desk.deliver('a', { kind: 'publication', ...RECORD })
  desk.deliver('a', { kind: 'join', ...RECORD, info: ANN })
  desk.deliver('a', { kind: 'leave', ...RECORD, info: ANN })
  desk.deliver('a', { kind: 'leave', ...RECORD })
  t.strictSame(ear.heard, ['a 1 1', 'a join c-ann', 'a leave c-ann'])
  desk.reportUnsure([], 'nothing')
  desk.reportUnsure(['a'], 'a test')
  desk.reportUnsure(null, 'a test')
  t.strictSame(ear.unsure, [['a'], null])
})

await t.test('ChannelDesk opens once, again after a reset, and never after the end', async (t) => {
  const desk = createChannelDesk({ logger: createMemoryLogger() })
  const { listener } = createChannelEar()
  desk.open(listener)
  t.throws(() => desk.open(listener), { code: 'INTERNAL', reason: 'broker_started' })
  desk.reset()
  t.equal(desk.isOpen, false)
  desk.open(listener)
  t.equal(desk.isOpen, true)
  t.equal(desk.close(), true)
  t.equal(desk.close(), false)
  t.equal(desk.isOpen, false)
  t.throws(() => desk.assertUsable(), { code: 'UNAVAILABLE', reason: 'broker_closed' })
  t.throws(() => desk.open(listener), { code: 'INTERNAL', reason: 'broker_started' })
})

await t.test('ChannelDesk logs a listener that fails, and what it skips', async (t) => {
  const logger = createMemoryLogger()
  const desk = createChannelDesk({ logger })
  desk.open({
    ...createChannelEar().listener,
    onPublication: () => {
      throw new Error('a bug')
    },
  })
  desk.deliver('a', { kind: 'publication', ...RECORD })
  desk.skip('a')
  t.match(logger.lines, [
    { level: 'error', message: 'a channel listener failed' },
    { level: 'warn', message: 'message skipped', fields: { channel: 'a' } },
    { level: 'debug', message: 'publications may have been lost' },
  ])
})
