import t from 'tap'
import { formatAddress, listenError } from '../../src/app/address.js'

await t.test('address is printed with brackets around IPv6', async (t) => {
  t.equal(formatAddress({ host: '127.0.0.1', port: 8080 }), '127.0.0.1:8080')
  t.equal(formatAddress({ host: '::1', port: 8080 }), '[::1]:8080')
})

await t.test('listen errors name the address and the trouble', async (t) => {
  const address = { host: '127.0.0.1', port: 80 }
  const of = (code: string) => listenError(Object.assign(new Error(code), { code }), address)
  t.match(of('EADDRINUSE'), {
    code: 'FAILED_PRECONDITION',
    reason: 'port_in_use',
    message: 'Cannot listen on 127.0.0.1:80: the port is in use.',
  })
  t.match(of('EACCES'), { reason: 'port_forbidden', message: /127\.0\.0\.1:80.*permission/ })
  t.match(of('EADDRNOTAVAIL'), { reason: 'address_unavailable' })
  const other = new Error('other')
  t.equal(listenError(other, address), other)
})
