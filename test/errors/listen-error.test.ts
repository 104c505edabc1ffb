import t from 'tap'
import { formatAddress, listenError } from '../../src/errors/listen-error.js'

await t.test('address is printed with brackets around IPv6', async (t) => {
  t.equal(formatAddress({ host: '127.0.0.1', port: 8080 }), '127.0.0.1:8080')
  t.equal(formatAddress({ host: '::1', port: 8080 }), '[::1]:8080')
})

await t.test('listen errors name the address and the trouble', async (t) => {
  const of = (code: string) =>
    listenError(Object.assign(new Error(code), { code }), { host: '127.0.0.1', port: 80 })
  t.match(of('EADDRINUSE'), {
    code: 'FAILED_PRECONDITION',
    reason: 'address_in_use',
    message: '127.0.0.1:80 is already in use.',
  })
  t.match(of('EACCES'), {
    reason: 'address_forbidden',
    message: 'Not allowed to listen on 127.0.0.1:80.',
  })
  t.match(of('EADDRNOTAVAIL'), {
    reason: 'address_unavailable',
    message: 'Cannot listen on 127.0.0.1:80.',
  })
})
