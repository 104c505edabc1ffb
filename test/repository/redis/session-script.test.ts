import t from 'tap'
import * as scripts from '../../../src/repository/redis/session-script.js'
import { startRedis } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

await t.test('every script compiles', { skip: skipUnless('redis') }, async (t) => {
  const server = await startRedis(t)
  for (const [name, script] of Object.entries(scripts)) {
    t.match(await server.command('SCRIPT', 'LOAD', script), /^[0-9a-f]{40}$/, name)
  }
})

await t.test(
  'the order of sign-ins is kept within one millisecond',
  { skip: skipUnless('redis') },
  async (t) => {
    const server = await startRedis(t)
    const create = (id: string, now: string): Promise<unknown> => {
      const head = [
        'base:',
        id,
        'u',
        now,
        '100000',
        '1000',
        '-1',
        'evict-oldest',
        'session_limit',
        '0',
      ]
      const fields = ['idleExpiresAt', '9000', 'expiresAt', '9000']
      return server.command('EVAL', scripts.CREATE_SCRIPT, '2', 'set', 'ends', ...head, ...fields)
    }
    // Later in the alphabet first: the order must not be that of the names.
    for (const id of ['z', 'y', 'x']) t.strictSame(await create(id, '1000'), ['created'])
    await create('early', '999')
    await create('late', '1001')
    const order = await server.command('ZRANGE', 'set', '0', '-1')
    t.strictSame(order, ['early', 'z', 'y', 'x', 'late'])
    t.strictSame(await create('z', '1000'), ['exists'])
  },
)
