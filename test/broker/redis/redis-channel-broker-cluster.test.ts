import t from 'tap'
import { checkChannelBroker } from '../../contract/channel-broker-contract.js'
import { kept, startEar } from '../../contract/channel-ear.js'
import { startRedisCluster } from '../../helpers/server/redis.js'
import { skipUnless } from '../../helpers/server/service-binary.js'
import { waitFor } from '../../helpers/wait-for.js'
import { createProcess, setUpOn } from './redis-process.js'

const skip = skipUnless('redis')

await t.test('on a cluster', { skip }, async (t) => {
  const { nodes } = await startRedisCluster(t, {
    lines: ['cluster-require-full-coverage no'],
  })
  const options = { urls: nodes.map(({ url }) => url) }

  await t.test('the contract', (t) => checkChannelBroker(t, setUpOn(options, nodes)))

  await t.test('channels spread over all masters', async (t) => {
    const { broker } = await createProcess(t, options, 'spread:')
    const channels = Array.from({ length: 300 }, (_, index) => `room-${index}`)
    await Promise.all(channels.map((channel) => broker.publish(channel, '1', kept())))
    for (const node of nodes) {
      const keys = (await node.command('KEYS', 'spread:*stream:*')) as string[]
      t.ok(keys.length > 60, `${keys.length} of 300 on one`)
    }
  })

  await t.test('a partition that moves is followed, and its channels are unsure', async (t) => {
    // Fewer than usual: each is moved by commands of its own.
    const few = { ...options, partitions: 16 }
    const { broker, redis } = await createProcess(t, few, 'move:')
    const channels = Array.from({ length: 60 }, (_, index) => `room-${index}`)
    const ear = await startEar({ createBroker: async () => broker }, ...channels)
    const [from, to] = nodes
    if (!from || !to) throw new Error('no nodes')
    // A slot that holds keys is not given away in one step.
    await from.command('FLUSHALL')
    const target = String(await to.command('CLUSTER', 'MYID'))
    const names = (await from.command('PUBSUB', 'SHARDCHANNELS', 'move:*')) as string[]
    t.ok(names.length > 5, 'several channels lie there')
    const slots = new Set(
      await Promise.all(names.map((name) => from.command('CLUSTER', 'KEYSLOT', name))),
    )
    for (const slot of slots) {
      for (const node of nodes) {
        await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', target)
      }
    }
    const moved = names.map((name) => name.slice(name.indexOf('channel:') + 8))
    await waitFor('the doubt', () => moved.every((channel) => ear.wasUnsure(channel)))
    await waitFor('all stand', () => redis.topics.tags.every((tag) => redis.topics.isSound(tag)))
    const publisher = (await createProcess(t, few, 'move:')).broker
    await Promise.all(moved.map((channel) => publisher.publish(channel, '"after"', kept())))
    await waitFor('each of them', () =>
      moved.every((channel) => ear.heard.includes(`${channel} 1 "after"`)),
    )
  })

  await t.test('one master that dies leaves the channels of the others', async (t) => {
    const { broker } = await createProcess(t, options, 'dead:')
    const channels = Array.from({ length: 60 }, (_, index) => `room-${index}`)
    const ear = await startEar({ createBroker: async () => broker }, ...channels)
    const [, , dead] = nodes
    await dead?.kill()
    await waitFor('the doubt', () => ear.unsure.length > 0)
    const outcomes = await Promise.allSettled(
      channels.map((channel) => broker.publish(channel, '1', kept())),
    )
    const lost = channels.filter((_, index) => outcomes[index]?.status === 'rejected')
    t.ok(lost.length > 0 && lost.length < 60, `${lost.length} of 60 are refused`)
    const others = channels.filter((channel) => !lost.includes(channel))
    await waitFor('the others', () =>
      others.every((channel) => ear.heard.includes(`${channel} 1 1`)),
    )
    t.notOk(
      others.some((channel) => ear.unsure.flat().includes(channel)),
      'and they are sure',
    )
    await dead?.restart()
    await waitFor(
      'its return',
      async () => {
        const [channel = ''] = lost
        await broker.publish(channel, '"back"', kept()).catch(() => null)
        return ear.heard.some((line) => line.endsWith('"back"'))
      },
      20_000,
    )
  })
})
