import t from 'tap'
import { createTimeLimit } from '../../src/grpc/time-limit.js'
import { waitFor } from '../helpers/wait-for.js'

/** Timers of a limit hold no process, so the test must. */
function stayAlive(t: { teardown(fn: () => unknown): void }): void {
  const alive = setInterval(() => undefined, 1_000)
  t.teardown(() => {
    clearInterval(alive)
  })
}

await t.test('time limit tells what is late, in the order in which it began', async (t) => {
  stayAlive(t)
  const limit = createTimeLimit({ timeoutMs: 5 })
  const late: string[] = []
  const limited = (name: string) => ({ timeOut: () => void late.push(name) })
  const ended = limited('ended')
  limit.begin(limited('first'))
  limit.begin(ended)
  limit.begin(limited('second'))
  limit.end(ended)
  await waitFor('both are late', () => late.length === 2)
  t.strictSame(late, ['first', 'second'])
  limit.begin(limited('third'))
  await waitFor('the third is late', () => late.length === 3)
  t.strictSame(late, ['first', 'second', 'third'])
})

await t.test('time limit gives each its own time', async (t) => {
  stayAlive(t)
  const limit = createTimeLimit({ timeoutMs: 40 })
  const tookMs: number[] = []
  const begin = (): void => {
    const begunAt = performance.now()
    limit.begin({ timeOut: () => void tookMs.push(performance.now() - begunAt) })
  }
  begin()
  const halfway = performance.now() + 20
  await waitFor('half of the time', () => performance.now() >= halfway)
  begin()
  await waitFor('both are late', () => tookMs.length === 2)
  t.ok(
    tookMs.every((ms) => ms >= 39),
    `not before its time: ${tookMs.join(', ')}`,
  )
})
