import t from 'tap'
import { startStep } from '../../src/app/start-step.js'
import { AppError } from '../../src/errors/app-error.js'

function failing(code: 'UNAVAILABLE' | 'FAILED_PRECONDITION', times: number) {
  const step = {
    attempts: 0,
    async run(): Promise<string> {
      step.attempts += 1
      if (step.attempts <= times) throw new AppError(code, 'store_somehow', `${step.attempts}`)
      return 'up'
    },
  }
  return step
}

await t.test('a step of a start waits for a store that is away for a moment', async (t) => {
  const step = failing('UNAVAILABLE', 2)
  t.equal(await startStep(() => step.run()), 'up')
  t.equal(step.attempts, 3)
})

await t.test(
  'a step of a start gives up in the end, and at once where waiting is no use',
  async (t) => {
    const away = failing('UNAVAILABLE', Infinity)
    await t.rejects(
      startStep(() => away.run(), 0),
      { code: 'UNAVAILABLE', reason: 'store_somehow' },
    )
    t.equal(away.attempts, 1)
    const refused = failing('FAILED_PRECONDITION', Infinity)
    await t.rejects(
      startStep(() => refused.run()),
      { code: 'FAILED_PRECONDITION' },
    )
    t.equal(refused.attempts, 1)
  },
)
