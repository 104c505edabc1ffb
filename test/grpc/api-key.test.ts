import t from 'tap'
import { createApiKeyCheck } from '../../src/grpc/api-key.js'
import { metadataOf, type Metadatum } from './harness.js'

function shows(apiKey: string, entries: readonly Metadatum[]): boolean {
  return createApiKeyCheck(apiKey)(metadataOf(entries))
}

await t.test('api key check lets the key in, again and again', async (t) => {
  const check = createApiKeyCheck('secret')
  t.equal(check(metadataOf([['x-api-key', 'secret']])), true)
  t.equal(check(metadataOf([['x-api-key', 'secret-and-more']])), false)
  t.equal(check(metadataOf([['x-api-key', 'secret']])), true)
})

await t.test('api key check refuses everything else', async (t) => {
  t.equal(shows('secret', []), false, 'none')
  t.equal(shows('secret', [['x-api-key', '']]), false, 'empty')
  t.equal(shows('secret', [['x-api-key', 'Secret']]), false, 'other case')
  t.equal(shows('secret', [['x-api-key', 'secre']]), false, 'prefix')
  t.equal(shows('secret', [['x-api-key', 'secret ']]), false, 'longer')
  t.equal(shows('secret', [['x-api-key-bin', Buffer.from('secret')]]), false, 'binary')
  const twice: Metadatum[] = [
    ['x-api-key', 'secret'],
    ['x-api-key', 'secret'],
  ]
  t.equal(shows('secret', twice), false, 'two values')
})

await t.test('api key check opens nothing to an empty key', async (t) => {
  t.equal(shows('', [['x-api-key', '']]), false)
  t.equal(shows('', []), false)
  t.equal(shows('', [['x-api-key', 'x']]), false)
})

await t.test('api key check compares keys of any length whole', async (t) => {
  const key = 'k'.repeat(1_000)
  t.equal(shows(key, [['x-api-key', key]]), true)
  t.equal(shows(key, [['x-api-key', `${key}k`]]), false)
  t.equal(shows(key, [['x-api-key', key.slice(1)]]), false)
  const short = 'k'.repeat(256)
  t.equal(shows(short, [['x-api-key', `${short}k`]]), false)
})
