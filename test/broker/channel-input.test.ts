import t from 'tap'
import {
  channelsClosed,
  channelsStarted,
  historyOf,
  limitOf,
  rangeOf,
} from '../../src/broker/channel-input.js'

const MOST = Number.MAX_SAFE_INTEGER

await t.test('historyOf takes a history of no size or no time for none', async (t) => {
  const of = (size: number, lifetimeMs: number) =>
    historyOf({ history: { size, lifetimeMs }, idempotency: null, info: null, tags: null })
  t.strictSame(of(1.9, 2.9), { size: 1, lifetimeMs: 2 })
  for (const [size, lifetimeMs] of [
    [0, 1],
    [1, 0],
    [-1, 1],
    [NaN, 1],
  ] as const) {
    t.equal(of(size, lifetimeMs), null)
  }
  t.equal(historyOf({ history: null, idempotency: null, info: null, tags: null }), null)
})

await t.test('rangeOf bounds whatever offset comes from outside', async (t) => {
  const of = (offset: number, reverse: boolean) =>
    rangeOf({ since: { offset, epoch: 'e' }, limit: 1, reverse })
  t.strictSame(rangeOf({ since: null, limit: 1, reverse: true }), { after: 0, before: MOST })
  t.strictSame(of(5.5, false), { after: 5, before: MOST })
  t.strictSame(of(5, true), { after: 0, before: 5 })
  t.strictSame(of(-1, false), { after: 0, before: MOST })
  for (const offset of [Infinity, NaN, 1e300]) t.equal(of(offset, false).after, MOST)
})

await t.test('limitOf gives a whole number', async (t) => {
  t.strictSame(
    [2.5, -1, Infinity, 0].map((limit) => limitOf({ limit })),
    [2, 0, MOST, 0],
  )
})

await t.test('the errors of a line that is not open have their codes', async (t) => {
  t.match(channelsClosed(), { code: 'UNAVAILABLE', reason: 'broker_closed' })
  t.match(channelsStarted(), { code: 'INTERNAL', reason: 'broker_started' })
})
