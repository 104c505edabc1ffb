import t from 'tap'
import { createGapWatch } from '../../../src/broker/redis/gap-watch.js'
import { waitFor } from '../../helpers/wait-for.js'

await t.test(
  'GapWatch reports a gap when it begins, while it lasts and when it ends',
  async (t) => {
    const reports: string[] = []
    let isSound = false
    let overs = 0
    const watch = createGapWatch({
      isSound: () => isSound,
      report: (why) => reports.push(why),
      onOver: () => (overs += 1),
    })
    t.teardown(() => watch.close())
    watch.start()
    watch.leave(['a'])
    t.strictSame(reports, [], 'there was none')
    watch.enter(['a'])
    t.strictSame(reports, ['a subscription is in doubt'])
    await waitFor('two more', () => reports.length === 3)
    t.equal(reports[2], 'a subscription is down')
    isSound = true
    await waitFor('the end', () => overs === 1)
    t.equal(reports.at(-1), 'the subscriptions stand again')
    watch.leave(['a'])
    t.equal(overs, 1, 'over once')
  },
)

await t.test('GapWatch follows each part for itself', async (t) => {
  const reports: string[] = []
  const sound = new Set(['c'])
  const watch = createGapWatch({
    isSound: (part) => sound.has(part),
    report: (why, parts) => reports.push(`${parts.join()}: ${why}`),
  })
  t.teardown(() => watch.close())
  watch.enter(['a', 'b'])
  watch.enter(['c'])
  watch.leave(['a', 'd'])
  t.strictSame(reports, [
    'a,b: a subscription is in doubt',
    'c: a subscription is in doubt',
    'a: the subscriptions stand again',
  ])
  watch.start()
  await waitFor('a look', () => reports.length === 5)
  t.strictSame(reports.slice(3), ['c: the subscriptions stand again', 'b: a subscription is down'])
})
