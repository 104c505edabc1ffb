import { X509Certificate } from 'node:crypto'
import t from 'tap'
import { createAuthority, issueLeaf } from '../../../src/grpc/certificate/certificate-authority.js'

const NOW = Date.UTC(2026, 5, 1)
const DAY_MS = 86_400_000

await t.test('an authority signs servers and clients, and is a good one itself', async (t) => {
  const authority = await createAuthority({ name: 'House', days: 100, now: NOW })
  const ca = new X509Certificate(authority.certificate)
  t.equal(ca.ca, true)
  t.equal(ca.subject, 'CN=House')
  t.ok(ca.verify(ca.publicKey))
  t.equal(Date.parse(ca.validTo), NOW + 100 * DAY_MS)
  const names = ['a.example', '10.0.0.1', '::1']
  const server = await issueLeaf(authority, { kind: 'server', names, days: 10, now: NOW })
  const leaf = new X509Certificate(server.certificate)
  t.ok(leaf.verify(ca.publicKey) && leaf.checkIssued(ca))
  t.equal(leaf.ca, false)
  t.ok(leaf.checkHost('a.example') && leaf.checkIP('10.0.0.1') && leaf.checkIP('::1'))
  t.strictSame(leaf.keyUsage, ['1.3.6.1.5.5.7.3.1'])
  t.ok(Date.parse(leaf.validFrom) < NOW)
  const client = await issueLeaf(authority, { kind: 'client', names: ['b'], days: 999, now: NOW })
  const other = new X509Certificate(client.certificate)
  t.strictSame(other.keyUsage, ['1.3.6.1.5.5.7.3.2'])
  t.equal(other.validTo, ca.validTo, 'never longer than the authority')
  t.not(other.serialNumber, leaf.serialNumber)
  t.match(client.key, /^-----BEGIN PRIVATE KEY-----/)
})
