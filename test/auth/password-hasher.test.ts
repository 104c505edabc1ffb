import { parseOptions, verify } from '@node-rs/argon2'
import t from 'tap'
import { createPasswordHasher, dummyHash } from '../../src/auth/password-hasher.js'

const OPTIONS = { memoryKib: 64, iterations: 2, parallelism: 1, concurrency: 2, queueMax: 100 }

await t.test('hasher verifies what it hashed and nothing else', async (t) => {
  const hasher = createPasswordHasher(OPTIONS)
  const hash = await hasher.hash('correct horse')
  t.match(hash, /^\$argon2id\$v=19\$m=64,t=2,p=1\$/)
  t.equal(await hasher.verify(hash, 'correct horse'), true)
  t.equal(await hasher.verify(hash, 'correct horsf'), false)
  t.not(await hasher.hash('correct horse'), hash, 'a salt of its own')
})

await t.test('hasher tells passwords apart that differ after many bytes', async (t) => {
  const hasher = createPasswordHasher(OPTIONS)
  const long = 'x'.repeat(1023)
  const hash = await hasher.hash(`${long}a`)
  t.equal(await hasher.verify(hash, `${long}a`), true)
  t.equal(await hasher.verify(hash, `${long}b`), false)
})

await t.test('dummyHash is well formed and has the live parameters', async (t) => {
  const hash = dummyHash({ memoryKib: 128, iterations: 3, parallelism: 2 })
  t.match(parseOptions(hash), {
    memoryCost: 128,
    timeCost: 3,
    parallelism: 2,
    outputLen: 32,
    saltLen: 16,
  })
  // argon2 raises on a string it cannot parse; an answer means that it did the work.
  t.equal(await verify(hash, 'any password'), false)
})

await t.test('hasher does the work and answers false without a hash', async (t) => {
  const hasher = createPasswordHasher(OPTIONS)
  t.equal(await hasher.verify(null, 'any password'), false)
  t.equal(await hasher.verify(null, ''), false)
})

await t.test('hasher accepts other costs up to four times its own', async (t) => {
  const hasher = createPasswordHasher(OPTIONS)
  const lower = createPasswordHasher({ ...OPTIONS, memoryKib: 32, iterations: 1 })
  const higher = createPasswordHasher({ ...OPTIONS, memoryKib: 256, iterations: 8, parallelism: 4 })
  t.equal(await hasher.verify(await lower.hash('password'), 'password'), true)
  t.equal(await hasher.verify(await higher.hash('password'), 'password'), true)
  for (const over of [{ memoryKib: 257 }, { iterations: 9 }, { parallelism: 5 }]) {
    const costly = createPasswordHasher({ ...OPTIONS, ...over })
    t.equal(
      await hasher.verify(await costly.hash('password'), 'password'),
      false,
      JSON.stringify(over),
    )
  }
})

await t.test('hasher refuses a planted hash before it can exhaust memory', async (t) => {
  const hasher = createPasswordHasher(OPTIONS)
  const tail = dummyHash(OPTIONS).split('$').slice(4).join('$')
  const planted = [
    `$argon2id$v=19$m=4194304,t=2,p=1$${tail}`,
    `$argon2id$v=19$m=64,t=4000000000,p=1$${tail}`,
    `$argon2id$v=19$m=64,t=2,p=255$${tail}`,
    `$argon2id$v=19$m=99999999999999999999,t=2,p=1$${tail}`,
    `$argon2i$v=19$m=64,t=2,p=1$${tail}`,
    `$argon2id$v=19$m=64,t=2,p=1$short`,
    `$argon2id$v=19$m=64,t=2,p=1$${'A'.repeat(1000)}$${'A'.repeat(1000)}`,
    '$2b$12$abcdefghijklmnopqrstuv',
    'password',
    '',
  ]
  for (const hash of planted) {
    t.equal(await hasher.verify(hash, 'password'), false, hash.slice(0, 50))
  }
})

await t.test('hasher refuses more work than fits its queue', async (t) => {
  const hasher = createPasswordHasher({ ...OPTIONS, concurrency: 1, queueMax: 2 })
  const work = Array.from({ length: 10 }, () => hasher.verify(null, 'password'))
  const results = await Promise.allSettled(work)
  t.equal(results.filter((result) => result.status === 'fulfilled').length, 3)
  for (const result of results) {
    if (result.status === 'fulfilled') continue
    t.match(result.reason, {
      code: 'RESOURCE_EXHAUSTED',
      reason: 'hashing_busy',
      retryAfterSeconds: 1,
    })
  }
  t.equal(typeof (await hasher.hash('password')), 'string', 'free again')
})
