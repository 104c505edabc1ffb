import t from 'tap'
import { createCertificateApp } from '../../src/app/create-certificate-app.js'

await t.test('certificate app makes and shows certificates', async (t) => {
  const folder = t.testdir({})
  const app = createCertificateApp()
  const days = { authorityDays: 10, days: 5, now: Date.now() }
  await app.create({ folder, hosts: ['localhost'], clients: [], ...days })
  t.match(await app.show(folder), [{ kind: 'ca' }, { kind: 'server' }])
})
