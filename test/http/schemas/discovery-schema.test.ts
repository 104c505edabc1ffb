import { generateKeyPairSync } from 'node:crypto'
import { Ajv } from 'ajv'
import t from 'tap'
import {
  INDEX_SCHEMA,
  JWKS_SCHEMA,
  toKeySetJson,
} from '../../../src/http/schemas/discovery-schema.js'

const ajv = new Ajv()

await t.test('INDEX_SCHEMA accepts its example', (t) => {
  const schema = INDEX_SCHEMA.response[200]
  t.equal(ajv.compile(schema)(schema.examples[0]), true)
  t.end()
})

await t.test('toKeySetJson keeps every public member of every kind of key', (t) => {
  const keys = [
    generateKeyPairSync('rsa', { modulusLength: 2048 }),
    generateKeyPairSync('ec', { namedCurve: 'P-256' }),
    generateKeyPairSync('ed25519'),
  ]
  const publicKeys = keys.map(({ publicKey }) => ({ ...publicKey.export({ format: 'jwk' }) }))
  const json = toKeySetJson({ keys: publicKeys })
  t.same(json, { keys: publicKeys })
  t.equal(ajv.compile(JWKS_SCHEMA.response[200])(json), true)
  t.end()
})

await t.test('toKeySetJson lets no private member out', (t) => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const { keys } = toKeySetJson({ keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 7 }] })
  t.same(Object.keys(keys[0] ?? {}), ['kty', 'n', 'e'])
  t.end()
})
