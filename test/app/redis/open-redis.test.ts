import t from 'tap'
import { waitFor } from '../../helpers/wait-for.js'
import { openTestRedis } from './redis-fixture.js'
import { claimPort } from '../../helpers/server/free-port.js'
import { startRedis } from '../../helpers/server/redis.js'
import { commandCalls } from '../../helpers/server/redis-command.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

const skip = skipUnless('redis')
const UNAVAILABLE = { code: 'UNAVAILABLE', reason: 'redis_unavailable' }

await t.test('openRedis refuses options that cannot work', async (t) => {
  for (const options of [
    { urls: [] },
    { urls: ['http://host'] },
    { urls: [], sentinel: { masterName: 'main', urls: [] } },
  ]) {
    t.throws(() => openTestRedis(t, options), { code: 'INVALID_ARGUMENT' })
  }
})

await t.test('openRedis gives up a start without a server, and nothing stays open', async (t) => {
  const urls = [`redis://127.0.0.1:${await claimPort()}`]
  const redis = openTestRedis(t, { urls, startTimeoutMs: 300 })
  await t.rejects(redis.send('k', ['GET', 'k']), UNAVAILABLE, 'not started')
  t.throws(() => redis.check(), UNAVAILABLE)
  await t.rejects(redis.start(), UNAVAILABLE)
  t.match(redis.logger.lines, [{ level: 'warn', message: 'redis cannot be reached' }])
})

await t.test('a single redis', { skip }, async (t) => {
  const server = await startRedis(t)

  await t.test('openRedis sends commands and runs scripts', async (t) => {
    const redis = openTestRedis(t, { urls: [server.url] })
    await redis.start()
    redis.check()
    t.equal(await redis.send('k', ['SET', 'k', 'v']), 'OK')
    t.equal(await redis.send('k', ['GET', 'k']), 'v')
    await server.command('SCRIPT', 'FLUSH')
    const script = "return redis.call('GET', KEYS[1]) .. ARGV[1]"
    t.equal(await redis.run(script, ['k'], ['!']), 'v!', 'the server did not know the script')
    t.equal(await redis.run(script, ['k'], ['?']), 'v?')
    t.match(await commandCalls(server), { eval: 1, evalsha: 2 })
    await t.rejects(redis.send('k', ['INCR', 'k']), { message: /not an integer/ })
    await t.rejects(redis.run('return nonsense(', ['k'], []), { message: /compiling/ })
  })

  await t.test('openRedis tells what changed after it was read', async (t) => {
    const redis = openTestRedis(t, { urls: [server.url] })
    const changed: (string | null)[] = []
    redis.onInvalidate((key) => changed.push(key))
    await redis.start()
    const { trust } = await redis.read('a', ['GET', 'a'])
    t.equal(trust?.isTrusted, true)
    await server.command('SET', 'a', '1')
    await waitFor('the change of one key', () => changed.includes('a'))
    await server.command('FLUSHALL')
    await waitFor('the change of all keys', () => changed.includes(null))
    t.equal(trust?.isTrusted, true, 'the connection is as good as before')
  })

  await t.test('openRedis signs in with user, password and database', async (t) => {
    await server.command('ACL', 'SETUSER', 'app', 'on', '>se:cret', '~*', '&*', '+@all')
    const url = server.url.replace('//', '//app:se%3Acret@')
    const redis = openTestRedis(t, { urls: [`${url}/3`] })
    await redis.start()
    t.equal(await redis.send('x', ['ACL', 'WHOAMI']), 'app')
    t.match(await redis.send('x', ['CLIENT', 'INFO']), /db=3 .*resp=3/)
    const wrong = openTestRedis(t, {
      urls: [server.url],
      username: 'app',
      password: 'no',
      startTimeoutMs: 300,
    })
    await t.rejects(wrong.start(), UNAVAILABLE)
    t.notMatch(JSON.stringify(wrong.logger.lines), 'se:cret')
  })

  await t.test('openRedis fails what cannot be answered in time', async (t) => {
    const redis = openTestRedis(t, { urls: [server.url], commandTimeoutMs: 50 })
    await redis.start()
    await t.rejects(redis.send('list', ['BLPOP', 'list', '0']), UNAVAILABLE)
  })
})
