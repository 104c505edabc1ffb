import t from 'tap'
import {
  ADD_SCRIPT,
  COUNT_SCRIPT,
  LEASE_SCRIPT,
  LIST_SCRIPT,
  RELEASE_SCRIPT,
  REMOVE_SCRIPT,
  STATS_SCRIPT,
  SWEEP_SCRIPT,
} from '../../../src/broker/redis/presence-script.js'
import { sharedRedis } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { uniqueName } from '../../helpers/server/unique-name.js'

const skip = skipUnless('redis')

await t.test('the scripts of presence', { skip }, async (t) => {
  const server = await sharedRedis()
  const prefix = `${uniqueName()}:`
  const run = (script: string, keys: readonly string[], args: readonly string[]) =>
    server.command('EVAL', script, `${keys.length}`, ...keys.map((key) => prefix + key), ...args)
  const onKey = (command: string, key: string, ...args: readonly string[]) =>
    server.command(command, prefix + key, ...args)
  const add = (id: string, user: string, owner: string) =>
    run(
      ADD_SCRIPT,
      ['e:room', 'u:room', `of:${owner}`],
      [id, user, JSON.stringify({ o: owner, u: user }), `${id}\nroom`],
    )

  await t.test('ADD_SCRIPT and REMOVE_SCRIPT keep the counts', async (t) => {
    t.strictSame([await add('1', 'ann', 'p'), await add('1', 'ann', 'p')], [1, 0])
    t.equal(await add('1', 'bob', 'p'), 0)
    t.equal(await add('2', 'bob', 'q'), 1)
    t.strictSame(await run(STATS_SCRIPT, ['e:room', 'u:room'], []), [2, 1])
    t.equal(await run(COUNT_SCRIPT, ['u:room'], ['bob']), '2')
    t.equal(await run(COUNT_SCRIPT, ['u:room'], ['ann']), '0')
    t.equal(((await run(LIST_SCRIPT, ['e:room'], ['1'])) as unknown[]).length, 1)
    t.equal(((await run(LIST_SCRIPT, ['e:room'], ['2'])) as unknown[]).length, 2)
    const remove = () => run(REMOVE_SCRIPT, ['e:room', 'u:room'], ['2', '2\nroom', `${prefix}of:`])
    t.strictSame([await remove(), await remove()], [1, 0])
    t.equal(await onKey('EXISTS', 'of:q'), 0)
  })

  await t.test(
    'SWEEP_SCRIPT takes what the owner has, and not what has changed hands',
    async (t) => {
      await add('1', 'ann', 'dead')
      await add('2', 'ann', 'dead')
      await add('2', 'ann', 'alive')
      const sweep = () =>
        run(SWEEP_SCRIPT, ['of:dead'], ['dead', `${prefix}e:`, `${prefix}u:`, '10'])
      t.strictSame(await sweep(), [2, ['1\nroom', '{"o":"dead","u":"ann"}']])
      t.strictSame(await sweep(), [0, []])
      t.strictSame(await run(STATS_SCRIPT, ['e:room', 'u:room'], []), [1, 1])
    },
  )

  await t.test('LEASE_SCRIPT gives a dead owner to one, and keeps no broken lease', async (t) => {
    const lease = (owner: string, lengthMs: string, isFirst: string, claimMs: string) =>
      run(LEASE_SCRIPT, ['leases', 'claims'], [owner, lengthMs, isFirst, claimMs])
    t.strictSame(await lease('a', '60000', '0', '0'), [0], 'there is none yet')
    t.strictSame(await lease('a', '60000', '1', '0'), [1])
    t.strictSame(await lease('b', '60000', '1', '0'), [1])
    await onKey('ZADD', 'leases', '1', 'dead')
    t.strictSame(await lease('dead', '60000', '0', '0'), [0])
    t.strictSame(await lease('a', '60000', '0', '0'), [1], 'who may not sweep gets nobody')
    t.strictSame(await lease('a', '60000', '0', '60000'), [1, 'dead'])
    t.strictSame(await lease('b', '60000', '0', '60000'), [1], 'it is claimed')
    await onKey('HSET', 'claims', 'dead', '1')
    t.strictSame(await lease('b', '60000', '0', '60000'), [1, 'dead'], 'until the claim is over')
    t.equal(await run(RELEASE_SCRIPT, ['leases', 'claims'], ['dead']), 1)
    t.equal(await onKey('EXISTS', 'claims'), 0)
    t.strictSame(await lease('b', '60000', '0', '60000'), [1])
  })
})
