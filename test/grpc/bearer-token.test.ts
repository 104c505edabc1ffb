import t from 'tap'
import { bearerTokenOf } from '../../src/grpc/bearer-token.js'
import { metadataOf } from './harness.js'

await t.test('bearerTokenOf reads the one token', async (t) => {
  t.equal(bearerTokenOf(metadataOf([])), null)
  t.equal(bearerTokenOf(metadataOf([['authorization', 'Bearer a.b.c']])), 'a.b.c')
  t.equal(bearerTokenOf(metadataOf([['authorization', 'bearer  a.b.c']])), 'a.b.c')
})

await t.test('bearerTokenOf gives nothing good for another form', async (t) => {
  for (const value of ['', 'a.b.c', 'Bearer', 'Bearer a b', 'Basic a.b.c']) {
    t.equal(bearerTokenOf(metadataOf([['authorization', value]])), '', value)
  }
  const twice = ['authorization', 'Bearer a.b.c'] as const
  t.equal(bearerTokenOf(metadataOf([twice, twice])), '')
})
