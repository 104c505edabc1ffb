import { join } from 'node:path'
import t from 'tap'
import type { CertificateApp, CliCertificate } from '../../src/cli/cli-apps.js'
import { createFakeApps, createFakeIo, NOW, run } from './fake-cli.js'

const DAY_MS = 86_400_000
const SHOWN: CliCertificate = {
  ...{ file: 'ca.pem', kind: 'ca', subject: 'CN=House', issuer: 'CN=House', names: [] },
  ...{
    validFrom: NOW - DAY_MS,
    validTo: NOW + 2 * DAY_MS,
    serialNumber: '0A',
    fingerprint: 'AB:CD',
  },
}

async function runCerts(argv: readonly string[], given: Partial<CertificateApp>) {
  const cwd = t.testdir({})
  const unexpected = async (): Promise<never> => {
    throw new Error('unexpected call')
  }
  const apps = createFakeApps({
    openCertificates: async () => ({ create: unexpected, show: unexpected, ...given }),
  })
  return { ...(await run(['certs', ...argv], { io: createFakeIo({ cwd }), apps })), cwd }
}

await t.test('certs create makes what was asked for, where it was asked for', async (t) => {
  const asked: unknown[] = []
  const create: CertificateApp['create'] = async (options) => {
    asked.push(options)
    return [{ kind: 'ca', name: 'House', certFile: 'ca.pem', keyFile: 'ca.key' }]
  }
  const plain = await runCerts(['create'], { create })
  t.match(plain, { code: 0, output: 'ca      House: ca.pem, ca.key\n' })
  const argv = ['create', '--dir', 'tls', '--host', 'a', 'b', '--client', 'x', '--days', '9']
  const full = await runCerts([...argv, '--ca-days', '99', '--json'], { create })
  t.equal((JSON.parse(full.output) as unknown[]).length, 1)
  await runCerts(['create', '--no-server'], { create })
  const usual = { hosts: ['localhost', '127.0.0.1', '::1'], clients: [], now: NOW }
  t.match(asked, [
    { ...usual, folder: join(plain.cwd, 'data/certs'), days: 365, authorityDays: 3_650 },
    {
      folder: join(full.cwd, 'tls'),
      hosts: ['a', 'b'],
      clients: ['x'],
      days: 9,
      authorityDays: 99,
    },
    { hosts: [] },
  ])
  t.match(await runCerts(['create'], { create: async () => [] }), { output: 'nothing to make\n' })
  t.match(await runCerts(['create', '--days', '0'], {}), { code: 2 })
})

await t.test('certs show prints what there is, and fails when one has expired', async (t) => {
  const paths: string[] = []
  const show = async (path: string) => {
    paths.push(path)
    return [SHOWN]
  }
  const table = await runCerts(['show'], { show })
  t.equal(table.code, 0)
  t.match(table.output, /ca\.pem +ca +CN=House .* 2 +AB:CD/)
  const json = await runCerts(['show', 'one.pem', '--json'], { show })
  t.strictSame(JSON.parse(json.output), [SHOWN])
  t.strictSame(paths, [join(table.cwd, 'data/certs'), join(json.cwd, 'one.pem')])
  const expired = { ...SHOWN, validTo: NOW - 1 }
  t.equal((await runCerts(['show', 'x.pem'], { show: async () => [SHOWN, expired] })).code, 1)
})
