import t from 'tap'
import { sendAwayPaced } from '../../src/socket/drain.js'

function leavers(count: number) {
  const gone: { index: number; atMs: number }[] = []
  const all = Array.from({ length: count }, (_, index) => ({
    sendAway: () => gone.push({ index, atMs: performance.now() }),
  }))
  return { gone, all }
}

await t.test('a few are sent at once', async (t) => {
  const { gone, all } = leavers(20)
  await sendAwayPaced(all, 60_000)
  t.equal(gone.length, 20)
})

await t.test('many are sent in random order over the window, each once', async (t) => {
  const { gone, all } = leavers(300)
  await sendAwayPaced(all, 100)
  t.strictSame(
    gone.map(({ index }) => index).sort((a, b) => a - b),
    Array.from({ length: 300 }, (_, index) => index),
  )
  t.ok(
    gone.some(({ index }, at) => index !== at),
    'not in the order in which they came',
  )
  const [first, last] = [gone[0], gone.at(-1)]
  t.ok((last?.atMs ?? 0) - (first?.atMs ?? 0) >= 50, 'not all at once')
})

await t.test('who is slow to part with does not make the window longer', async (t) => {
  let [gone, batches, isInBatch] = [0, 0, false]
  const all = Array.from({ length: 400 }, () => ({
    sendAway: () => {
      gone += 1
      if (!isInBatch) {
        batches += 1
        isInBatch = true
        setImmediate(() => (isInBatch = false))
      }
      // So long that 400 of them, one step after the other, take many windows.
      for (const endsAt = performance.now() + 1; performance.now() < endsAt;);
    },
  }))
  await sendAwayPaced(all, 100)
  t.equal(gone, 400)
  t.ok(batches <= 6, `${batches} batches`)
})

await t.test('without a window all go at once', async (t) => {
  const { gone, all } = leavers(50)
  await sendAwayPaced(all, 0)
  t.equal(gone.length, 50)
})
