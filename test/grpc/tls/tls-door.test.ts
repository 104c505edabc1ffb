import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { readFileSync } from 'node:fs'
import { Client, credentials } from '@grpc/grpc-js'
import t, { type Test } from 'tap'
import { peerOf } from '../../../src/grpc/tls/tls-door.js'
import type { GrpcServerOptions } from '../../../src/grpc/create-grpc-server.js'
import { loadProtos } from '../../../src/grpc/proto.js'
import { type CertificateFiles, makeCertificates } from '../../helpers/test-certificates.js'
import { waitFor } from '../../helpers/wait-for.js'
import { callRaw, failureOf, GOOD_TOKEN, SAY_HELLO, startServer, VERIFY } from '../harness.js'

const GREET = Buffer.from([8, 1])

function client(t: Test, port: number, shown: CertificateFiles | null, caFile: string): Client {
  const read = (file: string | undefined) => (file === undefined ? null : readFileSync(file))
  const one = new Client(
    `localhost:${port}`,
    credentials.createSsl(read(caFile), read(shown?.keyFile), read(shown?.certFile)),
  )
  t.teardown(() => one.close())
  return one
}

async function serve(t: Test, options: Partial<NonNullable<GrpcServerOptions['tls']>> = {}) {
  const folder = t.testdir({})
  const of = await makeCertificates(folder, ['billing', 'stranger'])
  const tls = { ...of('server'), allowedNames: ['Billing'], pollIntervalMs: 5, ...options }
  return { ...(await startServer(t, {}, { tls })), of, folder }
}

await t.test('a client certificate on the list is a sibling service', async (t) => {
  const { port, of, logger } = await serve(t)
  const { requestSerialize, responseDeserialize } = loadProtos().session.Verify
  const billing = client(t, port, of('billing'), of('ca').caFile)
  const answer = await callRaw(billing, VERIFY, requestSerialize({ accessToken: GOOD_TOKEN }))
  t.match(responseDeserialize(answer), { active: true })
  t.match(logger.lines.at(-1)?.fields, { caller: 'service:billing' })
})

await t.test('whoever is refused is in the log with the reason', async (t) => {
  const { port, of, logger, folder } = await serve(t)
  const past = Date.now() - 90 * 86_400_000
  const ca = of('ca').caFile
  const foreign = await makeCertificates(join(folder, 'foreign'))
  const old = await makeCertificates(folder, ['late'], { days: 30, now: past }).catch(() => null)
  t.equal(old, null, 'the server certificate is not overwritten')
  const { createCertificates } = await import('../../../src/grpc/certificate/certificate-folder.js')
  const life = { days: 30, authorityDays: 30, now: past }
  await createCertificates({ folder, hosts: [], clients: ['late'], ...life })
  const refused = [
    [null, 'peer_did_not_return_a_certificate'],
    [of('stranger'), 'peer_name_not_allowed'],
    [of('late'), 'cert_has_expired'],
    [foreign('billing'), 'unable_to_verify_leaf_signature'],
  ] as const
  for (const [shown, reason] of refused) {
    t.match(await failureOf(callRaw(client(t, port, shown, ca), SAY_HELLO, GREET)), { code: 14 })
    const line = await waitFor(`${reason} in the log`, () =>
      logger.lines.find(({ fields }) => fields['reason'] === reason),
    )
    t.match(line, {
      level: 'warn',
      message: 'TLS handshake refused',
      fields: { peer: /^(::1|127\.0\.0\.1|::ffff:127\.0\.0\.1):\d+$/ },
    })
  }
})

await t.test('who does not speak HTTP/2 is refused', async (t) => {
  const { port, of, logger } = await serve(t, { caFile: null, allowedNames: [] })
  const ca = readFileSync(of('ca').caFile)
  const socket = connectTls({ port, host: '127.0.0.1', servername: 'localhost', ca })
  socket.on('error', () => undefined)
  await new Promise((resolve) => socket.once('close', resolve))
  t.match(logger.lines.at(-1), { level: 'warn', fields: { reason: 'alpn_not_h2' } })
  t.match(peerOf(socket), /:\d+$/)
})

await t.test('replaced certificates serve the next connection, without a restart', async (t) => {
  const { port, of, logger, folder } = await serve(t, { caFile: null, allowedNames: [] })
  const greet = (caFile: string) => callRaw(client(t, port, null, caFile), SAY_HELLO, GREET)
  const before = client(t, port, null, of('ca').caFile)
  await callRaw(before, SAY_HELLO, GREET)
  const other = await makeCertificates(join(folder, 'other'))
  await rename(other('server').certFile, of('server').certFile)
  await rename(other('server').keyFile, of('server').keyFile)
  await waitFor('the change', () =>
    logger.lines.some(({ message }) => message === 'certificates were loaded again'),
  )
  t.ok(await greet(other('ca').caFile))
  t.ok(await callRaw(before, SAY_HELLO, GREET), 'open connections go on')
  t.match(await failureOf(greet(of('ca').caFile)), { code: 14 })
})

await t.test('handshakes that never come hold nobody up', async (t) => {
  const { port, of, server } = await serve(t)
  const { connect } = await import('node:net')
  const silent = Array.from({ length: 50 }, () => connect(port, '127.0.0.1'))
  for (const socket of silent) socket.on('error', () => undefined)
  await waitFor('they are connected', () => silent.every(({ connecting }) => !connecting))
  t.ok(await callRaw(client(t, port, of('billing'), of('ca').caFile), SAY_HELLO, GREET))
  await server.close(20)
  await waitFor('they are cut', () =>
    silent.every(({ destroyed, readyState }) => {
      return destroyed || readyState !== 'open'
    }),
  )
})
