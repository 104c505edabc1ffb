import { generateKeyPairSync } from 'node:crypto'
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { readKeyFolder, writeKeyFolder, writeMeta } from '../../src/auth/key-folder.js'
import { KEY_ALGORITHMS } from '../../src/domain/token.js'

const META = { algorithm: 'ES256', createdAt: 1000, signsFrom: null } as const

await t.test('writeKeyFolder makes what readKeyFolder reads', async (t) => {
  const dir = t.testdir()
  for (const algorithm of KEY_ALGORITHMS) {
    await writeKeyFolder(join(dir, algorithm), { algorithm, createdAt: 1000, signsFrom: 2000 })
    const key = await readKeyFolder(dir, algorithm)
    t.match(key, { id: algorithm, algorithm, createdAt: 1000, signsFrom: 2000 })
    t.equal(key?.privateKey.type, 'private')
    t.equal(key?.publicKey.type, 'public')
    t.match(key?.fingerprint, /^[\w-]{43}$/)
  }
})

await t.test('writeKeyFolder hides the private key from others', async (t) => {
  const dir = t.testdir()
  await writeKeyFolder(join(dir, 'key'), META)
  t.strictSame((await readdir(join(dir, 'key'))).sort(), ['key.json', 'private.pem', 'public.pem'])
  t.equal((await stat(join(dir, 'key', 'private.pem'))).mode & 0o777, 0o600)
  t.equal((await stat(join(dir, 'key'))).mode & 0o777, 0o700)
  await t.rejects(writeKeyFolder(join(dir, 'key'), META), { code: 'EEXIST' })
})

await t.test('writeMeta replaces key.json and leaves nothing beside it', async (t) => {
  const dir = t.testdir()
  await writeKeyFolder(join(dir, 'key'), META)
  await writeMeta(join(dir, 'key'), { ...META, signsFrom: 3000 })
  t.equal((await readKeyFolder(dir, 'key'))?.signsFrom, 3000)
  t.strictSame((await readdir(join(dir, 'key'))).sort(), ['key.json', 'private.pem', 'public.pem'])
})

await t.test('readKeyFolder answers null for a folder that is gone', async (t) => {
  t.equal(await readKeyFolder(t.testdir(), 'gone'), null)
})

await t.test('readKeyFolder names the file and the problem of a malformed key', async (t) => {
  const dir = t.testdir()
  const folder = join(dir, 'key')
  const pem = (name: 'private' | 'public') => readFile(join(folder, `${name}.pem`), 'utf8')
  const short = generateKeyPairSync('rsa', {
    modulusLength: 1024,
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const other = generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  })
  const write = (name: string, text: string) => writeFile(join(folder, name), text)
  const cases: [string, () => Promise<unknown>, string, string][] = [
    ['text', () => write('key.json', 'x'), 'key.json', 'it is not JSON'],
    ['null', () => write('key.json', 'null'), 'key.json', 'it is not a JSON object'],
    [
      'algorithm',
      () => write('key.json', JSON.stringify({ ...META, algorithm: 'HS256' })),
      'key.json',
      '"algorithm" is one of RS512, RS256, ES256, EdDSA',
    ],
    [
      'createdAt',
      () => write('key.json', JSON.stringify({ ...META, createdAt: 'today' })),
      'key.json',
      '"createdAt" is a number of milliseconds',
    ],
    [
      'signsFrom',
      () => write('key.json', JSON.stringify({ ...META, signsFrom: -1 })),
      'key.json',
      '"signsFrom" is a number of milliseconds or null',
    ],
    [
      'other algorithm',
      () => write('key.json', JSON.stringify({ ...META, algorithm: 'EdDSA' })),
      'private.pem',
      'EdDSA needs an Ed25519 key, not ec',
    ],
    ['garbage', () => write('private.pem', 'x'), 'private.pem', 'it is not a key in PEM form'],
    [
      'broken public',
      () => write('public.pem', '-----BEGIN PUBLIC KEY-----\nx\n'),
      'public.pem',
      'it is not a key in PEM form',
    ],
    [
      'private as public',
      async () => write('public.pem', await pem('private')),
      'public.pem',
      'it is not a public key in PEM form',
    ],
    [
      'public as private',
      async () => write('private.pem', await pem('public')),
      'private.pem',
      'it is not a key in PEM form',
    ],
    [
      'of another pair',
      () => write('public.pem', other.publicKey),
      'public.pem',
      'it does not belong to the private key',
    ],
    [
      'short RSA',
      async () => {
        await write('key.json', JSON.stringify({ ...META, algorithm: 'RS256' }))
        await write('private.pem', short.privateKey)
        await write('public.pem', short.publicKey)
      },
      'private.pem',
      'an RSA key has at least 2048 bits, not 1024',
    ],
  ]
  for (const [what, spoil, file, problem] of cases) {
    await rm(folder, { recursive: true, force: true })
    await writeKeyFolder(folder, META)
    await spoil()
    await t.rejects(
      readKeyFolder(dir, 'key'),
      {
        code: 'FAILED_PRECONDITION',
        reason: 'key_malformed',
        message: `The key at ${join(folder, file)} cannot be used: ${problem}.`,
      },
      what,
    )
  }
})

await t.test('readKeyFolder names a file that is missing', async (t) => {
  const dir = t.testdir()
  await writeKeyFolder(join(dir, 'key'), META)
  await rm(join(dir, 'key', 'private.pem'))
  await t.rejects(readKeyFolder(dir, 'key'), {
    code: 'FAILED_PRECONDITION',
    reason: 'key_malformed',
    message: /private\.pem/,
  })
})
