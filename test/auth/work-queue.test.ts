import t from 'tap'
import { createWorkQueue } from '../../src/auth/work-queue.js'

const OPTIONS = { concurrency: 2, queueMax: 2, reason: 'too_busy', message: 'Too busy.' }

/** Work that ends when told to. */
function createJobs() {
  const started: number[] = []
  const finish: (() => void)[] = []
  const job = (id: number) => () => {
    started.push(id)
    return new Promise<number>((resolve) => {
      finish[id] = () => resolve(id)
    })
  }
  return { started, finish, job }
}

await t.test('queue runs so many at a time, the rest in order', async (t) => {
  const queue = createWorkQueue(OPTIONS)
  const { started, finish, job } = createJobs()
  const results = [0, 1, 2, 3].map((id) => queue.run(job(id)))
  t.strictSame(started, [0, 1])
  finish[1]?.()
  t.equal(await results[1], 1)
  t.strictSame(started, [0, 1, 2])
  finish[0]?.()
  t.equal(await results[0], 0)
  t.strictSame(started, [0, 1, 2, 3])
  finish[2]?.()
  finish[3]?.()
  t.strictSame(await Promise.all(results), [0, 1, 2, 3])
})

await t.test('queue refuses at once when it is full', async (t) => {
  const queue = createWorkQueue(OPTIONS)
  const { started, finish, job } = createJobs()
  const results = [0, 1, 2, 3].map((id) => queue.run(job(id)))
  await t.rejects(queue.run(job(4)), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'too_busy',
    message: 'Too busy.',
    retryAfterSeconds: 1,
  })
  for (const id of [0, 1, 2, 3]) {
    finish[id]?.()
    await results[id]
  }
  t.strictSame(started, [0, 1, 2, 3])
  const later = queue.run(job(5))
  t.strictSame(started, [0, 1, 2, 3, 5], 'free again')
  finish[5]?.()
  await later
})

await t.test('queue gives the place of failed work to the next', async (t) => {
  const queue = createWorkQueue({ ...OPTIONS, concurrency: 1 })
  const failed = queue.run(() => Promise.reject(new Error('broken')))
  const next = queue.run(() => Promise.resolve('next'))
  await t.rejects(failed, { message: 'broken' })
  t.equal(await next, 'next')
  t.equal(await queue.run(() => Promise.resolve('last')), 'last')
})
