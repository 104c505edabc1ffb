import t from 'tap'
import { createStateFeed, type StateFeedOptions } from '../../src/realtime/state-feed.js'

function createSource(read?: StateFeedOptions<number>['read']) {
  const source = { value: 0, last: false, watchers: 0, change: (): void => {} }
  const feed = createStateFeed<number>({
    watch: (changed) => {
      source.watchers += 1
      source.change = changed
      return () => void (source.watchers -= 1)
    },
    read: read ?? (async () => ({ value: source.value, isLast: source.last })),
  })
  return { source, feed }
}

await t.test('it begins with the state of now, then gives each newer one', async (t) => {
  const { source, feed } = createSource()
  t.strictSame(await feed.next(), { done: false, value: 0 })
  const next = feed.next()
  source.value = 1
  source.change()
  t.strictSame(await next, { done: false, value: 1 })
})

await t.test('changes that come together are one', async (t) => {
  const { source, feed } = createSource()
  await feed.next()
  for (source.value = 1; source.value < 1000; source.value += 1) source.change()
  t.strictSame(await feed.next(), { done: false, value: 1000 })
  const next = feed.next()
  let settled = false
  void next.then(() => (settled = true))
  await Promise.resolve()
  t.equal(settled, false, 'nothing waits')
  await feed.return?.()
  t.equal((await next).done, true)
})

await t.test('a change while the state is read is not lost', async (t) => {
  const states = [1, 2]
  const gate = { open: (): void => {} }
  const { source, feed } = createSource(async () => {
    const value = states.shift() ?? 0
    if (value === 1) await new Promise<void>((resolve) => (gate.open = resolve))
    return { value, isLast: false }
  })
  const first = feed.next()
  source.change()
  gate.open()
  t.equal((await first).value, 1)
  t.equal((await feed.next()).value, 2)
})

await t.test('the last state ends it and its watching', async (t) => {
  const { source, feed } = createSource()
  await feed.next()
  source.last = true
  source.change()
  t.strictSame(await feed.next(), { done: false, value: 0 })
  t.equal(source.watchers, 0)
  t.equal((await feed.next()).done, true)
})

await t.test('return ends a waiting next at once, also twice and before the first', async (t) => {
  const { source, feed } = createSource()
  await feed.next()
  const waiting = feed.next()
  await feed.return?.()
  await feed.return?.()
  t.equal((await waiting).done, true)
  t.equal(source.watchers, 0)

  const unread = createSource()
  await unread.feed.return?.()
  t.equal((await unread.feed.next()).done, true)
  t.equal(unread.source.watchers, 0)
})

await t.test('a state that was read while it was left is not delivered', async (t) => {
  const gate = { open: (): void => {} }
  const { feed } = createSource(async () => {
    await new Promise<void>((resolve) => (gate.open = resolve))
    return { value: 7, isLast: false }
  })
  const next = feed.next()
  await feed.return?.()
  gate.open()
  t.equal((await next).done, true)
})

await t.test('a failure to read ends it', async (t) => {
  const { source, feed } = createSource(() => Promise.reject(new Error('store away')))
  await t.rejects(feed.next(), { message: 'store away' })
  t.equal(source.watchers, 0)
  t.equal((await feed.next()).done, true)
})

await t.test('throw ends it, and for await works', async (t) => {
  const thrown = createSource()
  await t.rejects(async () => thrown.feed.throw?.(new Error('enough')), { message: 'enough' })
  t.equal(thrown.source.watchers, 0)

  const { source, feed } = createSource()
  const seen: number[] = []
  for await (const value of feed) {
    seen.push(value)
    source.value += 1
    if (value === 2) break
    source.change()
  }
  t.strictSame(seen, [0, 1, 2])
  t.equal(source.watchers, 0)
})
