import { join } from 'node:path'
import t from 'tap'
import { describeCertificates } from '../../../src/grpc/certificate/certificate-info.js'
import { makeCertificates } from '../../helpers/test-certificates.js'

await t.test('certificates of a folder or a file are described', async (t) => {
  const folder = t.testdir({})
  const of = await makeCertificates(folder)
  t.match(await describeCertificates(folder), [
    { file: of('billing').certFile, kind: 'client', subject: 'CN=billing', names: ['DNS:billing'] },
    { kind: 'ca', subject: 'CN=Gatehouse CA', issuer: 'CN=Gatehouse CA', names: [] },
    {
      kind: 'server',
      names: ['DNS:localhost', 'IP Address:127.0.0.1'],
      validFrom: Number,
      validTo: Number,
      serialNumber: /^[0-9A-F]+$/,
      fingerprint: /^([0-9A-F]{2}:){31}[0-9A-F]{2}$/,
    },
  ])
  const one = await describeCertificates(of('server').certFile)
  t.equal(one.length, 1)
})

await t.test('what is no certificate is named', async (t) => {
  const folder = t.testdir({ 'bad.pem': 'x', empty: {} })
  await t.rejects(describeCertificates(join(folder, 'bad.pem')), {
    code: 'FAILED_PRECONDITION',
    reason: 'certificate_unusable',
    message: `${join(folder, 'bad.pem')} holds no certificate in PEM.`,
  })
  for (const path of [join(folder, 'empty'), join(folder, 'nothing')]) {
    await t.rejects(describeCertificates(path), {
      code: 'NOT_FOUND',
      reason: 'certificate_not_found',
    })
  }
})
