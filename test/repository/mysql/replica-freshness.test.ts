import t from 'tap'
import { isReplicaFresh } from '../../../src/repository/mysql/replica-freshness.js'

await t.test('a replica is fresh from the known write on and within the bound', async (t) => {
  const base = { caughtUpTo: 100, writtenAt: -Infinity, asOf: 120, staleMsMax: 20 }
  const cases: [change: Partial<typeof base>, expected: boolean, why: string][] = [
    [{}, true, 'as old as the bound'],
    [{ asOf: 121 }, false, 'older than the bound'],
    [{ writtenAt: 100 }, true, 'has the write'],
    [{ writtenAt: 101 }, false, 'may not have the write'],
    [{ caughtUpTo: -Infinity }, false, 'nothing is known of it'],
    [{ asOf: Infinity }, false, 'nothing is known of the primary'],
  ]
  for (const [change, expected, why] of cases) {
    t.equal(isReplicaFresh({ ...base, ...change }), expected, why)
  }
})
