import { rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createKeyRing } from '../../src/auth/key-ring.js'
import { createKeyStore, type KeyStore } from '../../src/auth/key-store.js'
import { createTokenIssuer } from '../../src/auth/token-issuer.js'
import { createTokenVerifier } from '../../src/auth/token-verifier.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { issueAccess } from '../helpers/issue-token.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'
import { waitFor } from '../helpers/wait-for.js'

const RELOAD_INTERVAL_MS = 10
const NEVER_MS = 1_000_000

/** A house with one key, and as many rings on it as there are processes. */
async function createHouse(t: Test) {
  const keyDir = join(t.testdir(), 'keys')
  const clock = createFakeClock()
  const logger = createMemoryLogger()
  const store = createKeyStore({ keyDir, clock, logger: createMemoryLogger() })
  const first = await store.ensureSigningKey('ES256')
  const loads = { count: 0 }
  const counting: KeyStore = {
    ...store,
    load: () => {
      loads.count += 1
      return store.load()
    },
  }
  async function startRing(reloadIntervalMs: number) {
    const ring = createKeyRing({ keyStore: counting, clock, logger, reloadIntervalMs })
    await ring.start()
    t.teardown(() => ring.close())
    return ring
  }
  return { keyDir, clock, logger, store, first, loads, startRing }
}

await t.test('ring holds all keys and publishes them without a secret', async (t) => {
  const { startRing, store, first } = await createHouse(t)
  const rsa = await store.generate('RS256')
  const ed = await store.generate('EdDSA')
  const ring = await startRing(NEVER_MS)
  t.equal(ring.signingKey().id, first.id)
  t.equal(ring.peek(rsa.id)?.algorithm, 'RS256')
  t.equal(ring.peek('stranger'), null)
  const { keys } = ring.publicKeySet()
  const byId = new Map(keys.map((key) => [key['kid'], key]))
  t.strictSame(Object.keys(byId.get(first.id) ?? {}).sort(), [
    'alg',
    'crv',
    'kid',
    'kty',
    'use',
    'x',
    'y',
  ])
  t.strictSame(Object.keys(byId.get(rsa.id) ?? {}).sort(), ['alg', 'e', 'kid', 'kty', 'n', 'use'])
  t.strictSame(Object.keys(byId.get(ed.id) ?? {}).sort(), ['alg', 'crv', 'kid', 'kty', 'use', 'x'])
  t.match(byId.get(first.id), { alg: 'ES256', use: 'sig', kty: 'EC', crv: 'P-256' })
})

await t.test('ring does not start without a key that signs', async (t) => {
  const { startRing, store, keyDir } = await createHouse(t)
  await rm(keyDir, { recursive: true })
  const missing = { code: 'FAILED_PRECONDITION', reason: 'key_missing' }
  await t.rejects(startRing(NEVER_MS), missing)
  const clock = createFakeClock()
  const deps = { keyStore: store, clock, logger: createMemoryLogger(), reloadIntervalMs: NEVER_MS }
  t.throws(() => createKeyRing(deps).signingKey(), missing)
})

await t.test('ring does not start with a malformed key', async (t) => {
  const { startRing, keyDir, first } = await createHouse(t)
  await writeFile(join(keyDir, first.id, 'key.json'), '{}')
  await t.rejects(startRing(NEVER_MS), { code: 'FAILED_PRECONDITION', reason: 'key_malformed' })
})

await t.test('ring picks up new and retired keys while it runs', async (t) => {
  const { startRing, store, first, clock, logger } = await createHouse(t)
  const ring = await startRing(RELOAD_INTERVAL_MS)
  const before = ring.peek(first.id)
  const next = await store.generate('EdDSA')
  await waitFor('the new key', () => ring.peek(next.id))
  t.equal(ring.peek(first.id), before, 'a key that stayed is the same object')
  t.equal(ring.publicKeySet().keys.length, 2)
  t.equal(ring.signingKey().id, first.id)
  clock.advance(1000)
  await store.rotate({ algorithm: 'EdDSA', signsFrom: clock.now() })
  clock.advance(2 * RELOAD_INTERVAL_MS)
  await waitFor('the new key to sign', () => ring.signingKey().id === next.id)
  await store.retire(first.id)
  await waitFor('the old key to go', () => ring.peek(first.id) === null)
  t.equal(ring.publicKeySet().keys.length, 1)
  t.ok(logger.lines.every((line) => line.level === 'info'))
})

await t.test(
  'ring signs with a new key only when every process has had time to see it',
  async (t) => {
    const { startRing, store, first, clock } = await createHouse(t)
    clock.advance(1000)
    const second = await store.rotate({ algorithm: 'ES256', signsFrom: clock.now() })
    const intervalMs = 60_000
    const ring = await startRing(intervalMs)
    t.equal(ring.signingKey().id, first.id)
    clock.advance(2 * intervalMs - 1)
    t.equal(ring.signingKey().id, first.id)
    clock.advance(1)
    t.equal(ring.signingKey().id, second.id)
  },
)

await t.test('ring keeps signing when the clock is set back', async (t) => {
  const { startRing, first, clock } = await createHouse(t)
  const ring = await startRing(NEVER_MS)
  clock.advance(-3_600_000)
  t.equal(ring.signingKey().id, first.id)
})

await t.test('ring looks for unknown keys at most once a cooldown', async (t) => {
  const { startRing, store, clock, loads } = await createHouse(t)
  const ring = await startRing(NEVER_MS)
  t.equal(loads.count, 1)
  const strangers = Array.from({ length: 10_000 }, (_, index) => ring.find(`stranger-${index}`))
  t.ok((await Promise.all(strangers)).every((key) => key === null))
  t.equal(loads.count, 2)
  const late = await store.generate('ES256')
  t.equal(await ring.find(late.id), null, 'within the cooldown')
  clock.advance(1000)
  t.equal((await ring.find(late.id))?.id, late.id)
  t.equal(loads.count, 3)
  t.equal((await ring.find(late.id))?.id, late.id)
  t.equal(loads.count, 3, 'a known key costs nothing')
  clock.advance(-3_600_000)
  await ring.find('stranger')
  t.equal(loads.count, 4, 'a clock that was set back does not stop the looking')
})

await t.test('ring keeps its keys through a bad reload, tells once, and recovers', async (t) => {
  const { startRing, store, first, keyDir, logger, loads } = await createHouse(t)
  const ring = await startRing(RELOAD_INTERVAL_MS)
  const second = await store.generate('ES256')
  await waitFor('the second key', () => ring.peek(second.id))
  logger.lines.length = 0
  const meta = join(keyDir, second.id, 'key.json')
  await rename(meta, `${meta}.away`)
  const failed = loads.count + 3
  await waitFor('three bad reloads', () => loads.count >= failed)
  t.ok(ring.peek(first.id))
  t.ok(ring.peek(second.id))
  t.equal(logger.lines.filter((line) => line.level === 'error').length, 1)
  t.match(logger.lines[0], {
    message: 'cannot read the signing keys; those in use stay',
    fields: { err: { reason: 'key_malformed' } },
  })
  await rename(`${meta}.away`, meta)
  const third = await store.generate('ES256')
  await waitFor('the third key', () => ring.peek(third.id))
})

await t.test('ring drops a retired key even beside one that cannot be read', async (t) => {
  const { startRing, store, first, keyDir } = await createHouse(t)
  const second = await store.generate('ES256')
  const third = await store.generate('ES256')
  const ring = await startRing(RELOAD_INTERVAL_MS)
  await writeFile(join(keyDir, second.id, 'private.pem'), 'x')
  await rm(join(keyDir, third.id), { recursive: true })
  await waitFor('the retired key to go', () => ring.peek(third.id) === null)
  t.ok(ring.peek(first.id))
  t.ok(ring.peek(second.id))
})

await t.test('ring keeps its keys when the directory goes away', async (t) => {
  const { startRing, first, keyDir, logger, loads } = await createHouse(t)
  const ring = await startRing(RELOAD_INTERVAL_MS)
  const failed = loads.count + 2
  await rename(keyDir, `${keyDir}-away`)
  await waitFor('two looks at nothing', () => loads.count >= failed)
  t.ok(ring.peek(first.id))
  await writeFile(keyDir, 'a file')
  await waitFor('the second kind of failure', () => logger.lines.length >= 2)
  t.match(logger.lines.at(-1), { level: 'error', fields: { err: { reason: 'file_unusable' } } })
  t.ok(ring.peek(first.id))
})

await t.test('ring stops looking when it is closed', async (t) => {
  const { startRing, store, loads } = await createHouse(t)
  const ring = await startRing(RELOAD_INTERVAL_MS)
  await ring.close()
  await ring.close()
  const other = await startRing(RELOAD_INTERVAL_MS)
  const before = loads.count
  const added = await store.generate('ES256')
  await waitFor('the other ring', () => other.peek(added.id))
  t.equal(ring.peek(added.id), null)
  t.equal(loads.count, before + 1)
})

await t.test('tokens hold through rotations in two running processes', async (t) => {
  const { startRing, store, clock } = await createHouse(t)
  const rings = [await startRing(RELOAD_INTERVAL_MS), await startRing(RELOAD_INTERVAL_MS)]
  const settings = { issuer: 'house', audience: 'house' }
  const limits = {
    accessLifetimeSecondsMax: 600,
    refreshLifetimeSecondsMax: 600,
    tabLifetimeSecondsMax: 600,
    clockSkewSeconds: 5,
    cacheEntriesMax: 10,
  }
  const issuers = rings.map((keyRing) => createTokenIssuer({ keyRing, ...settings }))
  const verifiers = rings.map((keyRing) =>
    createTokenVerifier({ keyRing, clock, ...settings, ...limits }),
  )
  const tokens: string[] = []
  const signers = new Set<string>()
  async function issueAndVerifyAll(): Promise<void> {
    for (const issuer of issuers) {
      const claims = { userId: 'u', sessionId: 's', tokenId: 'j', role: 'user' } as const
      const issuedAt = clock.now()
      tokens.push(await issueAccess(issuer, { ...claims, issuedAt, expiresAt: issuedAt + 600_000 }))
    }
    for (const token of tokens) {
      for (const verifier of verifiers) {
        signers.add((await verifier.verifyAccess(token)).keyId)
      }
    }
  }
  for (const algorithm of ['EdDSA', 'ES256'] as const) {
    await issueAndVerifyAll()
    const { id } = await store.rotate({ algorithm, signsFrom: clock.now() })
    await issueAndVerifyAll()
    // Every process looks at its own pace; the key signs when two of their looks have passed.
    for (const ring of rings) await waitFor('the new key', () => ring.peek(id))
    clock.advance(1 + 2 * RELOAD_INTERVAL_MS)
    await issueAndVerifyAll()
    for (const ring of rings) t.equal(ring.signingKey().id, id)
  }
  t.equal(signers.size, 3)
})

await t.test('a dropped key is gone at once and stays gone', async (t) => {
  const { startRing, store, first } = await createHouse(t)
  const other = await store.generate('EdDSA')
  const ring = await startRing(NEVER_MS)
  const published = () => ring.publicKeySet().keys.map((key) => key['kid'])
  t.equal(ring.drop([other.id, 'stranger']), 1)
  t.equal(ring.peek(other.id), null)
  t.strictSame(published(), [first.id])
  t.equal(await ring.find(other.id), null, 'though its folder is still there')
  t.equal(ring.drop([other.id]), 0)
  t.equal(ring.signingKey().id, first.id)
})

await t.test(
  'when the key that signs is burned, its successor is found before it signs',
  async (t) => {
    const { startRing, store, first } = await createHouse(t)
    const ring = await startRing(NEVER_MS)
    const burned = await store.burn(first.id, 'EdDSA')
    t.equal(burned.id, first.id)
    t.equal(ring.drop([first.id]), 1)
    t.throws(() => ring.signingKey(), { code: 'FAILED_PRECONDITION', reason: 'key_missing' })
    const signer = await ring.signer()
    t.equal(signer.algorithm, 'EdDSA')
    t.equal(ring.peek(first.id), null)
    t.equal(ring.signingKey().id, signer.id)
  },
)

await t.test('a look that began before the drop does not bring the key back', async (t) => {
  const { startRing, store, first, keyDir, clock, logger } = await createHouse(t)
  await store.generate('EdDSA')
  await startRing(NEVER_MS)
  let release: () => void = () => undefined
  const slow: KeyStore = {
    ...createKeyStore({ keyDir, clock, logger }),
    load: async () => {
      const keys = await store.load()
      await new Promise<void>((resolve) => (release = resolve))
      return keys
    },
  }
  const ring = createKeyRing({ keyStore: slow, clock, logger, reloadIntervalMs: NEVER_MS })
  t.teardown(() => ring.close())
  const starting = ring.start()
  await waitFor('the keys are being read', () => release.name === 'resolve' || release.length === 1)
  ring.drop([first.id])
  release()
  await t.rejects(starting, { code: 'FAILED_PRECONDITION', reason: 'key_missing' })
  t.equal(ring.peek(first.id), null)
})
