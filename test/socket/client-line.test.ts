import t from 'tap'
import { isDropped } from '../../src/socket/client-line.js'

await t.test('a message that may be dropped has a quarter of the queue', async (t) => {
  const queueBytesMax = 1_000
  t.notOk(isDropped(900, 0, queueBytesMax), 'who keeps up gets everything')
  t.notOk(isDropped(100, 150, queueBytesMax))
  t.ok(isDropped(101, 150, queueBytesMax))
  t.ok(isDropped(1, 250, queueBytesMax))
})
