import t from 'tap'
import { DeadlineQueue } from '../../../src/app/redis/deadline-queue.js'
import { createMasterRouter } from '../../../src/app/redis/master-router.js'
import { parseRedisUrl } from '../../../src/app/redis/redis-endpoint.js'
import { RedisLink } from '../../../src/app/redis/redis-link.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { waitFor } from '../../helpers/wait-for.js'
import { startRedis } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'

await t.test(
  'createMasterRouter sends all keys to one master',
  { skip: skipUnless('redis') },
  async (t) => {
    const [first, second] = [await startRedis(t), await startRedis(t)]
    let url = first.url
    const resolve = () => parseRedisUrl(url, {})
    const deadlines = new DeadlineQueue(1_000)
    const link = new RedisLink({ resolve, role: {}, deadlines, logger: createMemoryLogger() })
    const router = createMasterRouter({ link, resolve })
    t.teardown(() => router.close())
    t.notOk(router.isSound('any'))
    router.start()
    await waitFor('up', () => router.isAnySound())
    t.strictSame(router.tags, [''])
    t.match(await router.send('any', ['PING']), { reply: 'PONG', trust: { isTrusted: true } })

    let changes = 0
    router.onFeedsChanged(() => (changes += 1))
    const [before] = router.feeds()
    url = second.url
    router.move(new Error('moved'))
    t.equal(changes, 1)
    t.not(router.feeds()[0]?.name, before?.name, 'who listens subscribes again')
    await waitFor('the other master', () => link.connection?.address === `127.0.0.1:${second.port}`)
  },
)
