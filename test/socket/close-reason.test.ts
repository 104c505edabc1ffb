import t from 'tap'
import { closeReason } from '../../src/socket/close-reason.js'

await t.test('a reason that fits is left alone', async (t) => {
  t.equal(closeReason('session_ended'), 'session_ended')
  t.equal(closeReason('x'.repeat(123)), 'x'.repeat(123))
})

await t.test('a longer reason is cut between characters', async (t) => {
  t.equal(closeReason('x'.repeat(124)), 'x'.repeat(123))
  t.equal(closeReason('é'.repeat(62)), 'é'.repeat(61))
  t.equal(closeReason(`${'x'.repeat(121)}：y`), 'x'.repeat(121))
  t.equal(closeReason(`${'x'.repeat(120)}😀`), 'x'.repeat(120))
  t.equal(closeReason(`${'x'.repeat(119)}😀y`), `${'x'.repeat(119)}😀`)
})
