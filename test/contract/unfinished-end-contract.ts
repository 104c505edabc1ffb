import type { Test } from 'tap'
import type { TransactionRunner } from '../../src/domain/transaction.js'
import type { UnfinishedEnd, UnfinishedEndRepository } from '../../src/domain/unfinished-end.js'

export interface UnfinishedEndSetup {
  readonly unfinishedEnds: UnfinishedEndRepository
  readonly transactions: TransactionRunner
}

const T0 = 1_800_000_000_000
const sample = (id: string, changedAt: number): UnfinishedEnd => ({
  ...{ id, userId: `of ${id}`, reason: 'password_changed', exceptSessionId: null, changedAt },
})

/** What every implementation of the port promises. `open` gives an empty repository. */
export async function checkUnfinishedEnds(
  t: Test,
  open: (t: Test) => Promise<UnfinishedEndSetup>,
): Promise<void> {
  await t.test('what was added is listed whole, oldest first, until it is removed', async (t) => {
    const { unfinishedEnds, transactions } = await open(t)
    t.strictSame(await unfinishedEnds.listBefore(T0, 10), [])
    const spared = { ...sample('b', T0), exceptSessionId: 'session-1' }
    const all = [spared, sample('c', T0 + 1), sample('a', T0 - 1)]
    for (const end of all) await transactions.run((tx) => unfinishedEnds.add(tx, end))
    t.strictSame(await unfinishedEnds.listBefore(T0 + 1, 10), [sample('a', T0 - 1), spared])
    t.strictSame(await unfinishedEnds.listBefore(T0 + 9, 1), [sample('a', T0 - 1)])
    await unfinishedEnds.remove('a')
    await unfinishedEnds.remove('a')
    t.strictSame(await unfinishedEnds.listBefore(T0 + 1, 10), [spared])
  })

  await t.test('it belongs to its transaction', async (t) => {
    const { unfinishedEnds, transactions } = await open(t)
    const failure = new Error('changed my mind')
    const failing = transactions.run(async (tx) => {
      await unfinishedEnds.add(tx, sample('a', T0))
      throw failure
    })
    await t.rejects(failing)
    t.strictSame(await unfinishedEnds.listBefore(T0 + 1, 10), [])
  })
}
