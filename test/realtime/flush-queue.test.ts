import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createFlushQueue } from '../../src/realtime/flush-queue.js'
import { waitFor } from '../helpers/wait-for.js'

function target(flushedAtMs = -Infinity) {
  return {
    flushedAtMs,
    flushes: 0,
    flush() {
      this.flushes += 1
      this.flushedAtMs = performance.now()
    },
  }
}

await t.test('a quiet target is flushed once, at the end of the turn', async (t) => {
  const queue = createFlushQueue(60_000)
  const quiet = target()
  queue.add(quiet)
  queue.add(quiet)
  t.equal(quiet.flushes, 0)
  await turn()
  t.equal(quiet.flushes, 1)
  queue.close()
})

await t.test('a busy one waits for the rest of its window', async (t) => {
  const queue = createFlushQueue(20)
  const busy = target(performance.now())
  queue.add(busy)
  queue.add(busy)
  await turn()
  t.equal(busy.flushes, 0)
  await waitFor('the window to end', () => busy.flushes === 1)
  queue.close()
})

await t.test('what is removed or closed is not flushed', async (t) => {
  const queue = createFlushQueue(1)
  const [removed, closed, busy] = [target(), target(), target(performance.now() + 60_000)]
  queue.add(removed)
  queue.add(closed)
  queue.add(busy)
  queue.remove(removed)
  queue.close()
  await turn()
  t.strictSame([removed.flushes, closed.flushes, busy.flushes], [0, 0, 0])
})
