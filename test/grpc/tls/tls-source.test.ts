import { copyFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { contextOf, openTlsSource } from '../../../src/grpc/tls/tls-source.js'
import { createFakeClock } from '../../helpers/fake-clock.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { makeCertificates } from '../../helpers/test-certificates.js'
import { waitFor } from '../../helpers/wait-for.js'

const DAY_MS = 86_400_000
const clock = { now: () => Date.now() }

await t.test('tls source follows files that are replaced', async (t) => {
  const folder = t.testdir({})
  const files = (await makeCertificates(folder))('server')
  const logger = createMemoryLogger()
  const source = await openTlsSource({ files, clock, logger, pollIntervalMs: 5 })
  t.teardown(() => source.close())
  const before = source.current()
  let changes = 0
  source.onChange(() => (changes += 1))
  const other = (await makeCertificates(join(folder, 'other')))('server')
  // A certificate without its key is half a change: nothing is taken.
  await rename(other.certFile, files.certFile)
  await waitFor('the complaint', () => logger.lines.some(({ level }) => level === 'error'))
  t.equal(source.current(), before)
  t.equal(changes, 0)
  await rename(other.keyFile, files.keyFile)
  await waitFor('the change', () => changes === 1)
  t.notSame(source.current().cert, before.cert)
  t.match(logger.lines.at(-1), { level: 'info', message: 'certificates were loaded again' })
})

await t.test('tls source says what is wrong with the files at the start', async (t) => {
  const folder = t.testdir({ 'empty.pem': '' })
  const of = await makeCertificates(folder)
  const { certFile, keyFile, caFile } = of('server')
  const open = (files: {
    certFile: string | null
    keyFile: string | null
    caFile: string | null
  }) => openTlsSource({ files, clock, logger: createMemoryLogger(), pollIntervalMs: 5 })
  const unusable = { code: 'FAILED_PRECONDITION', reason: 'tls_file_unusable' }
  const missing = join(folder, 'no.pem')
  await t.rejects(open({ certFile: missing, keyFile, caFile }), {
    ...unusable,
    message: new RegExp(`Cannot read ${missing}: ENOENT`),
  })
  await t.rejects(open({ certFile, keyFile: of('billing').keyFile, caFile }), unusable)
  await t.rejects(open({ certFile, keyFile, caFile: join(folder, 'empty.pem') }), unusable)
  const source = await open({ certFile: null, keyFile: null, caFile })
  t.match(source.current(), { cert: null, key: null })
  t.strictSame(Object.keys(contextOf(source.current())), ['ca'])
  source.close()
  source.close()
})

await t.test('tls source gives notice of a certificate that ends', async (t) => {
  const now = Date.now()
  const files = (await makeCertificates(t.testdir({}), [], { days: 10 }))('server')
  const noticesAt = async (at: number): Promise<unknown[]> => {
    const logger = createMemoryLogger()
    const deps = { files, clock: createFakeClock(at), logger, pollIntervalMs: 1_000 }
    const source = await openTlsSource(deps)
    source.close()
    return logger.lines.map(({ level, message }) => [level, message])
  }
  t.strictSame(await noticesAt(now - 5 * DAY_MS), [])
  t.strictSame(await noticesAt(now), [['warn', 'the certificate expires soon']])
  t.strictSame(await noticesAt(now + 11 * DAY_MS), [['error', 'the certificate has expired']])
})

await t.test('tls source lives through files that vanish for a while', async (t) => {
  const folder = t.testdir({})
  const files = (await makeCertificates(folder))('server')
  const logger = createMemoryLogger()
  const source = await openTlsSource({ files, clock, logger, pollIntervalMs: 5 })
  t.teardown(() => source.close())
  const kept = join(folder, 'kept.pem')
  await rename(files.certFile, kept)
  await waitFor('the complaint', () => logger.lines.length === 1)
  await copyFile(kept, files.certFile)
  await waitFor('it is read again', () => logger.lines.length === 2)
  t.match(logger.lines, [{ level: 'error' }, { level: 'info' }])
  await writeFile(files.certFile, 'no certificate')
  await waitFor('the next complaint', () => logger.lines.length >= 3)
  t.match(source.current().cert?.toString(), /BEGIN CERTIFICATE/)
})
