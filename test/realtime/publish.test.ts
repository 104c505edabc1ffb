import t from 'tap'
import { createNamespaces } from '../../src/realtime/namespace.js'
import { PUBLICATION_BYTES_MAX, publishTo } from '../../src/realtime/publish.js'
import { createMemoryChannels } from '../helpers/memory-channel-broker.js'
import { OPEN_RULES, STREAM_RULES } from './channel-rules.js'

const namespaces = createNamespaces(OPEN_RULES, { plain: {}, kept: STREAM_RULES })

await t.test('a publication follows the rules of its channel', async (t) => {
  const broker = createMemoryChannels().createBroker()
  const kept = namespaces.find('kept:a')
  const read = async (channel: string) =>
    (await broker.history(channel, { since: null, limit: 10, reverse: false })).publications
  t.match(
    await publishTo(broker, kept, {
      data: '{\r\n "a": 12345678901234567890 }\n',
      tags: { k: 'v' },
      receiptId: 'r',
    }),
    {
      position: { offset: 1 },
      duplicate: false,
    },
  )
  t.match(await read('kept:a'), [
    { data: '{  "a": 12345678901234567890 } ', tags: { k: 'v', $receipt: 'r' } },
  ])
  t.match(await publishTo(broker, kept, { data: '2', skipHistory: true }), { position: null })
  t.match(await publishTo(broker, namespaces.find('plain:a'), { data: '"x y"' }), {
    position: null,
  })
  const once = { data: '3', idempotencyKey: 'k' }
  t.match(await publishTo(broker, kept, once), { duplicate: false, position: { offset: 2 } })
  t.match(await publishTo(broker, kept, once), { duplicate: true, position: { offset: 2 } })
  t.equal((await read('kept:a')).length, 2)
})

await t.test('what does not fit is refused', async (t) => {
  const broker = createMemoryChannels().createBroker()
  const channel = namespaces.find('kept:a')
  const publish = (more: object) => publishTo(broker, channel, { data: '1', ...more })
  await t.rejects(publish({ data: '{' }), {
    code: 'INVALID_ARGUMENT',
    message: 'The data for "kept:a" is not JSON.',
  })
  await t.rejects(publish({ data: '' }), { code: 'INVALID_ARGUMENT' })
  await t.rejects(publish({ data: `"${'x'.repeat(PUBLICATION_BYTES_MAX - 1)}"` }), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'too_large',
  })
  await t.resolves(publish({ data: `"${'x'.repeat(PUBLICATION_BYTES_MAX - 2)}"` }))
  const details = (path: string) => ({ code: 'INVALID_ARGUMENT', details: [{ path }] })
  await t.rejects(publish({ tags: { $receipt: 'x' } }), details('tags'))
  await t.rejects(publish({ tags: { a: 'x'.repeat(257) } }), details('tags'))
  const many = Object.fromEntries(Array.from({ length: 17 }, (_, index) => [`t${index}`, 'x']))
  await t.rejects(publish({ tags: many }), details('tags'))
  await t.rejects(publish({ idempotencyKey: '' }), details('idempotencyKey'))
  await t.rejects(publish({ idempotencyKey: 'a\0b' }), details('idempotencyKey'))
  await t.rejects(publish({ idempotencyKey: 'x'.repeat(129) }), details('idempotencyKey'))
})
