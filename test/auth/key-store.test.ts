import { readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createKeyStore } from '../../src/auth/key-store.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

function createHouse(t: Test, keyDir = join(t.testdir(), 'keys')) {
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  return { keyDir, clock, logger, store: createKeyStore({ keyDir, clock, logger }) }
}

const NOT_FOUND = { code: 'NOT_FOUND', reason: 'key_not_found', message: 'There is no such key.' }

await t.test('store makes one signing key at the first start and keeps it', async (t) => {
  const { store, clock, keyDir } = createHouse(t)
  t.strictSame(await store.list(), [])
  const first = await store.ensureSigningKey('ES256')
  t.match(first, {
    algorithm: 'ES256',
    status: 'current',
    createdAt: clock.now(),
    signsFrom: clock.now(),
  })
  t.strictSame(await store.ensureSigningKey('RS256'), first)
  t.strictSame(await store.list(), [first])
  t.strictSame(await store.keyIds(), [first.id])
  t.strictSame(await readdir(keyDir), [first.id])
  t.match(await store.load(), [{ id: first.id, privateKey: { type: 'private' } }])
})

await t.test('store makes a signing key beside keys that were never meant to sign', async (t) => {
  const { store } = createHouse(t)
  const idle = await store.generate('ES256')
  t.equal(idle.status, 'next')
  t.equal(idle.signsFrom, null)
  const first = await store.ensureSigningKey('EdDSA')
  t.not(first.id, idle.id)
  t.equal((await store.list()).length, 2)
})

await t.test(
  'store rotates: a plan, then the new key signs and the old one verifies',
  async (t) => {
    const { store, clock } = createHouse(t)
    const first = await store.ensureSigningKey('ES256')
    clock.advance(1000)
    const idle = await store.generate('EdDSA')
    const planned = await store.rotate({ algorithm: 'ES256', signsFrom: clock.now() + 5000 })
    t.match(planned, {
      id: idle.id,
      algorithm: 'EdDSA',
      status: 'next',
      signsFrom: clock.now() + 5000,
    })
    clock.advance(5000)
    const statuses = (await store.list()).map(({ id, status }) => [id, status])
    t.strictSame(statuses, [
      [first.id, 'previous'],
      [idle.id, 'current'],
    ])
  },
)

await t.test('store rotates to a fresh key when every key has signed', async (t) => {
  const { store, clock } = createHouse(t)
  const first = await store.ensureSigningKey('ES256')
  clock.advance(1000)
  const fresh = await store.rotate({ algorithm: 'EdDSA', signsFrom: clock.now() })
  t.not(fresh.id, first.id)
  t.match(fresh, { algorithm: 'EdDSA', status: 'current', signsFrom: clock.now() })
})

await t.test('store rotates back to a named key, never from the past on', async (t) => {
  const { store, clock } = createHouse(t)
  const first = await store.ensureSigningKey('ES256')
  clock.advance(1000)
  await store.rotate({ algorithm: 'ES256', signsFrom: clock.now() })
  clock.advance(1000)
  const again = await store.rotate({ keyId: first.id, algorithm: 'ES256', signsFrom: 0 })
  t.match(again, { id: first.id, status: 'current', signsFrom: clock.now() })
  await t.rejects(store.rotate({ keyId: 'unknown', algorithm: 'ES256', signsFrom: 0 }), NOT_FOUND)
})

await t.test('store rotates away from a key that began in the same instant', async (t) => {
  const { store, clock } = createHouse(t)
  const first = await store.ensureSigningKey('ES256')
  for (let round = 0; round < 3; round += 1) {
    const { id, signsFrom } = await store.rotate({ algorithm: 'ES256', signsFrom: clock.now() })
    t.equal(signsFrom, clock.now() + 1)
    clock.advance(1)
    const current = (await store.list()).find((key) => key.status === 'current')
    t.equal(current?.id, id)
    t.not(id, first.id)
  }
})

await t.test('store retires a key, but not the one that signs', async (t) => {
  const { store, clock, keyDir } = createHouse(t)
  const first = await store.ensureSigningKey('ES256')
  await t.rejects(store.retire(first.id), {
    code: 'FAILED_PRECONDITION',
    reason: 'key_in_use',
    message: 'This key signs the tokens of now; let another one sign first.',
  })
  clock.advance(1000)
  const second = await store.rotate({ algorithm: 'ES256', signsFrom: clock.now() })
  t.match(await store.retire(first.id), { id: first.id, status: 'previous' })
  t.strictSame(await readdir(keyDir), [second.id])
  await t.rejects(store.retire(first.id), NOT_FOUND)
  await t.rejects(store.retire('../keys'), NOT_FOUND)
})

await t.test('store gives another revision after each change', async (t) => {
  const { store } = createHouse(t)
  const revisions = new Set([await store.revision()])
  const first = await store.ensureSigningKey('ES256')
  revisions.add(await store.revision())
  const second = await store.generate('ES256')
  revisions.add(await store.revision())
  await store.rotate({ keyId: second.id, algorithm: 'ES256', signsFrom: 0 })
  revisions.add(await store.revision())
  t.equal(await store.revision(), [...revisions].at(-1))
  await store.rotate({ keyId: first.id, algorithm: 'ES256', signsFrom: Number.MAX_SAFE_INTEGER })
  await store.retire(first.id)
  revisions.add(await store.revision())
  t.equal(revisions.size, 5)
})

await t.test('store names what is wrong with the directory', async (t) => {
  const { store, keyDir } = createHouse(t)
  const { id } = await store.ensureSigningKey('ES256')
  await writeFile(join(keyDir, id, 'key.json'), 'x')
  const malformed = {
    code: 'FAILED_PRECONDITION',
    reason: 'key_malformed',
    message: `The key at ${join(keyDir, id, 'key.json')} cannot be used: it is not JSON.`,
  }
  await t.rejects(store.list(), malformed)
  await t.rejects(store.load(), malformed)
  await t.rejects(store.ensureSigningKey('ES256'), malformed)
  await rm(keyDir, { recursive: true })
  await writeFile(keyDir, 'a file')
  const unusable = {
    code: 'FAILED_PRECONDITION',
    reason: 'file_unusable',
    message: new RegExp(`^Cannot use ${keyDir}: `),
  }
  await t.rejects(store.ensureSigningKey('ES256'), unusable)
  await t.rejects(store.generate('ES256'), unusable)
  await t.rejects(store.keyIds(), unusable)
  await t.rejects(store.revision(), unusable)
})

await t.test('store logs ids and never a key', async (t) => {
  const { store, logger, clock } = createHouse(t)
  const first = await store.ensureSigningKey('ES256')
  await store.generate('ES256')
  clock.advance(1)
  await store.rotate({ algorithm: 'ES256', signsFrom: clock.now() })
  await store.retire(first.id)
  t.strictSame(
    logger.lines.map((line) => line.message),
    ['made the first signing key', 'made a key', 'set when a key begins to sign', 'retired a key'],
  )
  t.notMatch(JSON.stringify(logger.lines), /PRIVATE|PUBLIC/)
})

await t.test('store burns a key that verifies, and nothing else changes', async (t) => {
  const { store, clock } = createHouse(t)
  const first = await store.ensureSigningKey('ES256')
  clock.advance(1000)
  const second = await store.rotate({ algorithm: 'EdDSA', signsFrom: clock.now() })
  clock.advance(1000)
  t.match(await store.burn(first.id, 'ES256'), { id: first.id, status: 'previous' })
  t.match(await store.list(), [{ id: second.id, status: 'current' }])
  await t.rejects(store.burn(first.id, 'ES256'), NOT_FOUND)
})

await t.test('store burns the key that signs, and another one signs at once', async (t) => {
  const { store, keyDir } = createHouse(t)
  const first = await store.ensureSigningKey('ES256')
  t.match(await store.burn(first.id, 'EdDSA'), { id: first.id, status: 'current' })
  const [made, ...more] = await store.list()
  t.match(made, { algorithm: 'EdDSA', status: 'current' })
  t.strictSame(more, [])
  t.strictSame(await readdir(keyDir), [made?.id])
  const next = await store.generate('RS256')
  await store.burn(made?.id ?? '', 'EdDSA')
  t.match(await store.list(), [{ id: next.id, status: 'current' }], 'one that waited comes first')
})
