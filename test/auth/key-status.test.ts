import t from 'tap'
import { signingKeyOf, statusOf } from '../../src/auth/key-status.js'

const old = { id: 'old', signsFrom: 100 }
const now = { id: 'now', signsFrom: 200 }
const soon = { id: 'soon', signsFrom: 300 }
const idle = { id: 'idle', signsFrom: null }
const all = [idle, soon, now, old]

await t.test('signingKeyOf is the key that began last', async (t) => {
  t.equal(signingKeyOf(all, 250), now)
  t.equal(signingKeyOf(all, 200), now)
  t.equal(signingKeyOf(all, 199), old)
  t.equal(signingKeyOf(all, 300), soon)
})

await t.test('signingKeyOf is the first to begin when none has begun', async (t) => {
  t.equal(signingKeyOf(all, 50), old)
})

await t.test('signingKeyOf is null when no key was ever meant to sign', async (t) => {
  t.equal(signingKeyOf([idle], 250), null)
  t.equal(signingKeyOf([], 250), null)
})

await t.test('signingKeyOf chooses the same of two keys of one instant in any order', async (t) => {
  const a = { id: 'a', signsFrom: 100 }
  const b = { id: 'b', signsFrom: 100 }
  t.equal(signingKeyOf([a, b], 100), b)
  t.equal(signingKeyOf([b, a], 100), b)
  t.equal(signingKeyOf([a, b], 50), signingKeyOf([b, a], 50))
})

await t.test('statusOf tells next, current and previous apart', async (t) => {
  const statuses = all.map((key) => statusOf(key, all, 250))
  t.strictSame(statuses, ['next', 'next', 'current', 'previous'])
})
