import t from 'tap'
import { parseClusterSlots, parseRedirect } from '../../../src/app/redis/cluster-topology.js'

await t.test('parseClusterSlots gathers the ranges of each master', async (t) => {
  const reply = [
    [0, 99, ['10.0.0.1', 7000, 'id-1', []], ['10.0.0.9', 7009, 'replica', []]],
    [100, 199, ['', 7001, 'id-2', []]],
    [200, 299, ['10.0.0.1', 7000, 'id-1', []]],
    [300, 399, [null, 7001, 'id-2', []]],
  ]
  t.strictSame(parseClusterSlots(reply, 'asked'), [
    {
      address: '10.0.0.1:7000',
      host: '10.0.0.1',
      port: 7000,
      ranges: [
        { from: 0, to: 99 },
        { from: 200, to: 299 },
      ],
    },
    {
      address: 'asked:7001',
      host: 'asked',
      port: 7001,
      ranges: [
        { from: 100, to: 199 },
        { from: 300, to: 399 },
      ],
    },
  ])
  t.strictSame(parseClusterSlots([], 'asked'), [])
})

await t.test('parseClusterSlots refuses another shape', async (t) => {
  for (const reply of [null, 'OK', [1], [[0, 1]], [[0, 1, ['host', 'port']]]]) {
    t.throws(() => parseClusterSlots(reply, 'asked'), { message: /^CLUSTER SLOTS gave/ })
  }
})

await t.test('parseRedirect reads MOVED and ASK', async (t) => {
  t.strictSame(parseRedirect('MOVED 3999 10.0.0.1:6381'), { host: '10.0.0.1', port: 6381 })
  t.strictSame(parseRedirect('ASK 3999 ::1:6381'), { host: '::1', port: 6381 })
  t.strictSame(parseRedirect('MOVED 3999 :6381'), { host: '', port: 6381 })
  t.equal(parseRedirect('ERR unknown'), null)
})
