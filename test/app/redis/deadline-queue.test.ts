import t from 'tap'
import { DeadlineQueue } from '../../../src/app/redis/deadline-queue.js'
import { waitFor } from '../../helpers/wait-for.js'

await t.test('DeadlineQueue ends what does not settle, in order, once', async (t) => {
  const queue = new DeadlineQueue(20)
  const late: string[] = []
  const [first, second, third] = ['first', 'second', 'third'].map((name) =>
    queue.add(() => late.push(name)),
  )
  second?.settle()
  t.equal(queue.size, 2)
  await waitFor('both', () => late.length === 2)
  t.strictSame(late, ['first', 'third'])
  t.equal(queue.size, 0)
  first?.settle()
  third?.settle()
  t.equal(late.length, 2)
})

await t.test('DeadlineQueue goes on with what began later', async (t) => {
  const queue = new DeadlineQueue(30)
  const late: string[] = []
  const began = performance.now()
  queue.add(() => {
    late.push('first')
    queue.add(() => late.push('third'))
  })
  await waitFor('a moment', () => performance.now() - began > 15)
  const added = performance.now()
  let endedAt = 0
  queue.add(() => {
    late.push('second')
    endedAt = performance.now()
  })
  await waitFor('all', () => late.length === 3)
  t.strictSame(late, ['first', 'second', 'third'])
  t.ok(endedAt - added >= 30, 'not before its time')
})

await t.test('DeadlineQueue rests when everything has settled', async (t) => {
  const queue = new DeadlineQueue(5)
  for (let i = 0; i < 100; i += 1) queue.add(() => t.fail('settled')).settle()
  let isLate = false
  const began = performance.now()
  await waitFor('the sweep', () => performance.now() - began > 20)
  queue.add(() => (isLate = true))
  await waitFor('the next one', () => isLate)
})
