import t from 'tap'
import { createWriteGate, shareWriteGate } from '../../src/repository/write-gate.js'

await t.test('write gate lets one in at a time, in order', async (t) => {
  const gate = createWriteGate()
  t.equal(gate.tryEnter(), true)
  t.equal(gate.tryEnter(), false)
  const order: number[] = []
  const waiters = [1, 2, 3].map(async (number) => {
    await gate.enter(10_000)
    order.push(number)
    t.equal(gate.tryEnter(), false, 'handed over, never free between')
    gate.leave()
  })
  gate.leave()
  await Promise.all(waiters)
  t.strictSame(order, [1, 2, 3])
  t.equal(gate.tryEnter(), true)
})

await t.test('write gate enters at once when free', async (t) => {
  const gate = createWriteGate()
  await gate.enter(0)
  t.equal(gate.tryEnter(), false)
})

await t.test('write gate gives up after the timeout and forgets who gave up', async (t) => {
  const gate = createWriteGate()
  gate.tryEnter()
  await t.rejects(gate.enter(1), { code: 'UNAVAILABLE', reason: 'store_busy' })
  const patient = gate.enter(10_000)
  gate.leave()
  await patient
  gate.leave()
  t.equal(gate.tryEnter(), true)
})

await t.test('write gate is one per file in this process, while it is in use', async (t) => {
  const one = shareWriteGate('/data/a.db')
  const two = shareWriteGate('/data/a.db')
  const other = shareWriteGate('/data/b.db')
  t.equal(one.gate, two.gate)
  t.not(one.gate, other.gate)
  one.release()
  t.equal(shareWriteGate('/data/a.db').gate, two.gate)
  two.release()
  two.release()
  const fresh = shareWriteGate('/data/a.db')
  t.not(fresh.gate, one.gate)
  fresh.release()
  other.release()
})
