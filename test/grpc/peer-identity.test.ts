import { X509Certificate } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { TLSSocket } from 'node:tls'
import t from 'tap'
import { identifyPeer } from '../../src/grpc/peer-identity.js'
import { makeCertificates } from '../helpers/test-certificates.js'

const of = await makeCertificates(t.testdir({}), ['billing.internal'])
const socketOf = (file: string | null): TLSSocket => {
  const certificate = file === null ? undefined : new X509Certificate(readFileSync(file))
  return { getPeerX509Certificate: () => certificate } as unknown as TLSSocket
}
const billing = socketOf(of('billing.internal').certFile)

await t.test('identifyPeer takes the name that is on the list, in either case', async (t) => {
  t.match(identifyPeer(billing, []), { name: 'billing.internal' })
  t.match(identifyPeer(billing, ['x', 'BILLING.internal']), { name: 'billing.internal' })
  t.ok(identifyPeer(billing, []).expiresAt > Date.now())
  const server = socketOf(of('server').certFile)
  t.match(identifyPeer(server, ['localhost']), { name: 'localhost' })
  t.match(identifyPeer(socketOf(of('server').caFile), []), { name: 'Gatehouse CA' }, 'common name')
})

await t.test('identifyPeer refuses who is not on the list', async (t) => {
  const refused = { code: 'PERMISSION_DENIED', reason: 'peer_name_not_allowed' }
  for (const names of [['billing'], ['billing.internal.evil'], ['*']]) {
    t.throws(() => identifyPeer(billing, names), { ...refused, message: /billing\.internal/ })
  }
  t.throws(() => identifyPeer(socketOf(null), []), { ...refused, message: /no name/ })
})
