import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createFlushQueue } from '../../src/realtime/flush-queue.js'
import { waitFor } from '../helpers/wait-for.js'

function target(flushedAtMs = -Infinity, busyMs = 0) {
  return {
    flushedAtMs,
    busyMs,
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

await t.test('the window of one that is busy grows with what its flush costs', async (t) => {
  const queue = createFlushQueue(5)
  const waitedMs = new Map<number, number>()
  const startedAtMs = performance.now()
  // The shortest comes last, so it has to move the timer; the dearest would wait for days if there were no bound.
  for (const busyMs of [1e9, 15, 0.01]) {
    queue.add({
      flushedAtMs: startedAtMs,
      busyMs,
      flush: () => waitedMs.set(busyMs, performance.now() - startedAtMs),
    })
  }
  await turn()
  await waitFor('all windows to end', () => waitedMs.size === 3)
  for (const [busyMs, windowMs] of [
    [0.01, 5],
    [15, 30],
    [1e9, 50],
  ] as const) {
    t.ok((waitedMs.get(busyMs) ?? 0) >= windowMs - 1, `${busyMs} waits for its ${windowMs} ms`)
  }
  queue.close()
})

await t.test('without a window nothing waits, however dear', async (t) => {
  const queue = createFlushQueue(0)
  const dear = target(performance.now(), 1_000)
  queue.add(dear)
  await turn()
  t.equal(dear.flushes, 1)
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
