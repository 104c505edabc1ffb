import t from 'tap'
import { tryUntil } from '../../src/util/try-until.js'

const always = () => true

await t.test('what fails and may pass is tried until it holds', async (t) => {
  let attempts = 0
  const work = async (): Promise<string> => {
    attempts += 1
    if (attempts < 3) throw new Error(`failure ${attempts}`)
    return 'done'
  }
  t.equal(await tryUntil(work, { endsAtMs: Infinity, mayPass: always }), 'done')
  t.equal(attempts, 3)
})

await t.test('what does not pass, or not in time, is passed on', async (t) => {
  let attempts = 0
  const work = async (): Promise<never> => {
    attempts += 1
    throw new Error(`failure ${attempts}`)
  }
  const mayPass = (error: unknown): boolean => !String(error).includes('2')
  await t.rejects(tryUntil(work, { endsAtMs: Infinity, mayPass }), { message: 'failure 2' })
  await t.rejects(tryUntil(work, { endsAtMs: -Infinity, mayPass: always }), {
    message: 'failure 3',
  })
})
