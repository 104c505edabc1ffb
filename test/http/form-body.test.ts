import { fastify } from 'fastify'
import t from 'tap'
import { registerFormBody } from '../../src/http/form-body.js'

function createServer() {
  const server = fastify()
  registerFormBody(server)
  server.post('/', (request) => request.body)
  return server
}

const send = (payload: string | Buffer, type = 'application/x-www-form-urlencoded') =>
  createServer().inject({ method: 'POST', url: '/', payload, headers: { 'content-type': type } })

await t.test('a form becomes an object, decoded', async (t) => {
  t.same((await send('a=1&b=x%20y+z&c=%C3%A4&d')).json(), { a: '1', b: 'x y z', c: 'ä', d: '' })
  t.same((await send('__proto__=x&constructor=y')).payload, '{"__proto__":"x","constructor":"y"}')
})

await t.test('a parameter that comes twice refuses the form', async (t) => {
  const response = await send('a=1&b=2&a=1')
  t.equal(response.statusCode, 500, 'a bare server has no table of errors')
  t.match(response.json(), { message: 'A parameter came more than once.' })
})

await t.test('a form that is no UTF-8, and any other type, is refused', async (t) => {
  t.match((await send(Buffer.from([0x61, 0x3d, 0xff]))).json(), {
    message: 'The body is not valid UTF-8.',
  })
  for (const type of ['application/json', 'text/plain', 'multipart/form-data; boundary=x']) {
    t.match((await send('a=1', type)).json(), {
      message: 'The body must be sent as application/x-www-form-urlencoded.',
    })
  }
})
