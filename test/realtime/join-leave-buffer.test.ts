import t from 'tap'
import type { ClientInfo } from '../../src/domain/channel-broker.js'
import { JoinLeaveBuffer } from '../../src/realtime/join-leave-buffer.js'

const info = (connectionId: string): ClientInfo => ({
  connectionId,
  userId: 'ann',
  connectionInfo: null,
  channelInfo: null,
})

await t.test('who came and went in the meantime is not told about', async (t) => {
  const buffer = new JoinLeaveBuffer()
  t.ok(buffer.isEmpty())
  buffer.add('join', info('a'))
  buffer.add('join', info('b'))
  buffer.add('leave', info('b'))
  buffer.add('leave', info('c'))
  buffer.add('leave', info('d'))
  buffer.add('join', info('d'))
  buffer.add('join', info('e'))
  buffer.add('leave', info('e'))
  buffer.add('join', info('e'))
  t.notOk(buffer.isEmpty())
  t.strictSame(buffer.take(), [
    { kind: 'join', info: info('a') },
    { kind: 'leave', info: info('c') },
    { kind: 'join', info: info('e') },
  ])
  t.ok(buffer.isEmpty())
  t.strictSame(buffer.take(), [])
})
