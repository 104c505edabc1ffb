import t from 'tap'
import { createGatherer } from '../../src/broker/gatherer.js'

await t.test('Gatherer sends one batch per key and turn, and gives each its outcome', async (t) => {
  const batches: string[] = []
  const gatherer = createGatherer<string, string>({
    async run(key, items) {
      batches.push(`${key}: ${items.join()}`)
      return items.map((item) => item.toUpperCase())
    },
  })
  const outcomes = await Promise.all([
    gatherer.post('1', 'a', 1),
    gatherer.post('2', 'b', 1),
    gatherer.post('1', 'c', 1),
  ])
  t.strictSame(outcomes, ['A', 'B', 'C'])
  t.strictSame(batches, ['1: a,c', '2: b'])
  t.equal(await gatherer.post('1', 'd', 1), 'D')
  t.equal(batches[2], '1: d')
})

await t.test(
  'Gatherer begins another batch when one is full, by number or by length',
  async (t) => {
    const sizes: number[] = []
    const gatherer = createGatherer<number, number>({
      async run(_key, items) {
        sizes.push(items.length)
        return items
      },
    })
    const items = Array.from({ length: 300 }, (_, index) => index)
    t.strictSame(await Promise.all(items.map((item) => gatherer.post('', item, 1))), items)
    await Promise.all(items.slice(0, 3).map((item) => gatherer.post('', item, 200_000)))
    t.strictSame(sizes, [256, 44, 2, 1])
  },
)

await t.test('Gatherer fails the items of the batch that failed', async (t) => {
  let isBroken = true
  const gatherer = createGatherer<number, number>({
    async run(_key, items) {
      if (isBroken) throw new Error('down')
      return items.slice(1)
    },
  })
  const outcomes = await Promise.allSettled([gatherer.post('', 1, 1), gatherer.post('', 2, 1)])
  t.match(outcomes, [{ reason: { message: 'down' } }, { reason: { message: 'down' } }])
  isBroken = false
  await t.rejects(gatherer.post('', 1, 1), { message: 'A batch gave too few outcomes.' })
})

await t.test('Gatherer says when all is settled, and sends when it is told to', async (t) => {
  const sends: (() => void)[] = []
  const gatherer = createGatherer<number, number>({
    run: async (_key, items) => items,
    schedule: (send) => void sends.push(send),
  })
  await gatherer.settled()
  const posted = gatherer.post('', 1, 1)
  let isSettled = false
  const settled = gatherer.settled().then(() => (isSettled = true))
  await new Promise(setImmediate)
  t.notOk(isSettled)
  for (const send of sends) send()
  t.equal(await posted, 1)
  await settled
})
