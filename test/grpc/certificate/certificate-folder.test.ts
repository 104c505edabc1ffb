import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import {
  createCertificates,
  type CreateCertificatesOptions,
} from '../../../src/grpc/certificate/certificate-folder.js'

const NOW = Date.now()
const options = (folder: string, change: Partial<CreateCertificatesOptions> = {}) => ({
  ...{
    folder,
    hosts: ['localhost'],
    clients: [] as string[],
    authorityDays: 10,
    days: 5,
    now: NOW,
  },
  ...change,
})

await t.test('certificates are written for their owner only', async (t) => {
  const folder = join(t.testdir({}), 'certs')
  const written = await createCertificates(options(folder, { clients: ['billing'] }))
  t.strictSame(
    written.map(({ kind, name }) => [kind, name]),
    [
      ['ca', 'Gatehouse CA'],
      ['server', 'localhost'],
      ['client', 'billing'],
    ],
  )
  t.strictSame(readdirSync(folder).sort(), [
    ...['billing.key', 'billing.pem', 'ca.key', 'ca.pem', 'server.key', 'server.pem'],
  ])
  t.equal(statSync(folder).mode & 0o777, 0o700)
  for (const file of readdirSync(folder)) {
    t.equal(statSync(join(folder, file)).mode & 0o777, 0o600, file)
  }
})

await t.test('no file is overwritten; more clients join the same authority', async (t) => {
  const folder = t.testdir({})
  await createCertificates(options(folder))
  const authority = readFileSync(join(folder, 'ca.pem'), 'utf8')
  await t.rejects(createCertificates(options(folder, { clients: ['late'] })), {
    code: 'ALREADY_EXISTS',
    reason: 'file_exists',
    message: `${join(folder, 'server.pem')} is there already; remove it first, or choose another folder.`,
  })
  t.notOk(readdirSync(folder).includes('late.pem'), 'nothing was written')
  t.match(await createCertificates(options(folder, { hosts: [], clients: ['late'] })), [
    { kind: 'client', name: 'late' },
  ])
  t.equal(readFileSync(join(folder, 'ca.pem'), 'utf8'), authority)
})

await t.test('an authority that cannot sign is named', async (t) => {
  const folder = t.testdir({})
  await createCertificates(options(folder, { hosts: [] }))
  const unusable = { code: 'FAILED_PRECONDITION', reason: 'certificate_unusable' }
  const later = { now: NOW + 11 * 86_400_000 }
  await t.rejects(createCertificates(options(folder, later)), {
    ...unusable,
    message: /expired on/,
  })
  rmSync(join(folder, 'ca.key'))
  await t.rejects(createCertificates(options(folder)), { ...unusable, message: /ca\.key/ })
  writeFileSync(join(folder, 'ca.key'), 'x')
  writeFileSync(join(folder, 'ca.pem'), 'x')
  await t.rejects(createCertificates(options(folder)), unusable)
})

await t.test(
  'names and lives that make no sense are refused before anything is written',
  async (t) => {
    const folder = t.testdir({})
    const wrong = (path: string) => ({ code: 'INVALID_ARGUMENT', details: [{ path }] })
    for (const [change, path] of [
      [{ hosts: ['two words'] }, 'hosts'],
      [{ hosts: ['a'.repeat(254)] }, 'hosts'],
      [{ hosts: Array.from({ length: 101 }, (_, index) => `h${index}`) }, 'names'],
      [{ clients: ['../x'] }, 'clients'],
      [{ clients: ['CA'] }, 'clients'],
      [{ clients: ['a', 'a'] }, 'clients'],
      [{ clients: [''] }, 'clients'],
      [{ days: 0 }, 'days'],
      [{ authorityDays: 1.5 }, 'authorityDays'],
    ] as const) {
      await t.rejects(createCertificates(options(folder, change)), wrong(path))
    }
    t.strictSame(readdirSync(folder), [])
  },
)
