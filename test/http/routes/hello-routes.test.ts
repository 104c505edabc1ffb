import t from 'tap'
import { AppError } from '../../../src/errors/app-error.js'
import { createTestHttp } from '../../helpers/http-fakes.js'

await t.test('GET /hello greets everybody', async (t) => {
  const { server } = createTestHttp()
  const response = await server.inject('/hello')
  t.equal(response.statusCode, 200)
  t.same(response.json(), { hello: 'world', env: 'test' })
  await server.close()
})

await t.test('GET /home greets who is signed in', async (t) => {
  const { server } = createTestHttp()
  const response = await server.inject({ url: '/home', headers: { cookie: '_at=access-1' } })
  t.match(response.json(), { text: 'welcome index page', user: { username: 'alice' } })
  t.equal((await server.inject('/home')).statusCode, 401)
  await server.close()
})

await t.test('GET /grpc/hello passes the greeting of the gRPC service on', async (t) => {
  const { server } = createTestHttp()
  for (const id of [1, 0, -2147483648, 2147483647]) {
    t.same((await server.inject(`/grpc/hello?id=${id}`)).json(), { id, name: 'world' })
  }
  for (const query of [
    '',
    '?id=',
    '?id=x',
    '?id=1.5',
    '?id=2147483648',
    '?id=1&id=2',
    '?id=1e99',
    '?id=1e999',
    '?id=-1e999',
  ]) {
    const response = await server.inject(`/grpc/hello${query}`)
    t.match(response.json(), { status: 400, reason: 'invalid_argument' }, query)
  }
  await server.close()
})

await t.test('GET /grpc/hello passes its failures on, as failures', async (t) => {
  const hello = {
    sayHello: (id: number) =>
      Promise.reject(
        id === 1
          ? new AppError('UNAVAILABLE', 'grpc_unavailable', 'Nobody listens.')
          : new AppError('DEADLINE_EXCEEDED', 'grpc_deadline', 'Too slow.'),
      ),
  }
  const { server } = createTestHttp({ routesDeps: { hello } })
  t.match((await server.inject('/grpc/hello?id=1')).json(), {
    status: 503,
    reason: 'grpc_unavailable',
  })
  t.match((await server.inject('/grpc/hello?id=2')).json(), {
    status: 504,
    reason: 'grpc_deadline',
  })
  await server.close()
})
