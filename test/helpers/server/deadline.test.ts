import t from 'tap'
import { withDeadline } from './deadline.js'

await t.test('withDeadline gives the value or the error of the work', async (t) => {
  t.equal(await withDeadline('one', 10_000, Promise.resolve(1)), 1)
  await t.rejects(withDeadline('error', 10_000, Promise.reject(new Error('no'))), { message: 'no' })
})

await t.test('withDeadline says what did not come', async (t) => {
  const never = new Promise<never>(() => undefined)
  await t.rejects(withDeadline('the answer', 5, never), {
    message: 'not within 5 ms: the answer',
  })
})
