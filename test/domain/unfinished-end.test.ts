import t from 'tap'
import { createMemoryUnfinishedEnds } from '../helpers/memory-unfinished-ends.js'
import { createMemoryTransactionRunner } from '../helpers/memory-transaction-runner.js'

await t.test('the port can be kept in memory, without what a transaction undoes', async (t) => {
  const unfinishedEnds = createMemoryUnfinishedEnds()
  const base = { userId: 'u', reason: 'user_frozen', exceptSessionId: null } as const
  for (const changedAt of [3, 1, 2]) {
    const end = { ...base, id: String(changedAt), changedAt }
    await createMemoryTransactionRunner().run((tx) => unfinishedEnds.add(tx, end))
  }
  await unfinishedEnds.remove('2')
  t.match(await unfinishedEnds.listBefore(3, 10), [{ id: '1' }])
  t.match(await unfinishedEnds.listBefore(4, 1), [{ id: '1' }])
  t.equal((await unfinishedEnds.listBefore(4, 9)).length, 2)
})
