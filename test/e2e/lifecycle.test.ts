/** Start, use, signal, exit code 0, for each service command of the built binary. */
import { connect } from 'node:net'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import t from 'tap'
import { runApp, startApp, type ServiceName } from '../helpers/app-process.js'
import { openGrpcClient } from '../helpers/grpc-client.js'
import { call, registerAndLogin } from '../helpers/http-client.js'
import { openPushClient } from '../helpers/push-client.js'
import { waitFor } from '../helpers/wait-for.js'

for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const) {
  await t.test(`app up ends with exit code 0 on ${signal}`, async (t) => {
    const app = await startApp(t, 'up', { dataDir: t.testdir() })
    const http = `http://${app.address('http')}`
    const user = await registerAndLogin(http, 'ada')
    const client = await openPushClient(t, app.address('socket'), {
      token: user.accessToken,
      event: 'news',
    })
    t.same(await app.stop(signal), { code: 0, signal: null }, app.stderr())
    t.notMatch(app.stderr(), /left open/)
    t.match(await client.closed, { code: 1001 })
    t.same(
      app.log.filter((line) => Number(line['level']) >= 50),
      [],
    )
  })
}

for (const service of ['http', 'socket'] as const satisfies readonly ServiceName[]) {
  await t.test(`app ${service} starts, answers for its health and ends`, async (t) => {
    const app = await startApp(t, service, { dataDir: t.testdir() })
    const url = `http://${app.address(service)}`
    t.match(await call('GET', `${url}/health/live`), { status: 200 })
    t.match(await call('GET', `${url}/health/ready`), { status: 200 })
    t.match(await call('GET', `${url}/metrics`), { status: 401, body: { code: 'UNAUTHENTICATED' } })
    t.match(await call('GET', `${url}/no-such-route`), { status: 404, body: { code: 'NOT_FOUND' } })
    t.same(await app.stop(), { code: 0, signal: null }, app.stderr())
    t.notMatch(app.stderr(), /left open/)
  })
}

await t.test('app grpc starts, greets, and ends', async (t) => {
  const app = await startApp(t, 'grpc', { dataDir: t.testdir() })
  const hello = openGrpcClient(t, app.address('grpc'), 'hello', null)
  t.same(await hello('SayHello', { id: 1 }), { id: 1, name: 'hello world' })
  t.same(await hello('SayHello', { id: 7 }), { id: 7, name: 'hello gRPC' })
  const anonymous = openGrpcClient(t, app.address('grpc'), 'session', null)
  await t.rejects(anonymous('Verify', { access_token: 'x' }), { code: 16 })
  t.same(await app.stop(), { code: 0, signal: null }, app.stderr())
  t.notMatch(app.stderr(), /left open/)
})

await t.test('the HTTP bridge passes gRPC answers and real error codes on', async (t) => {
  const dataDir = t.testdir()
  const grpc = await startApp(t, 'grpc', { dataDir })
  const http = await startApp(t, 'http', {
    dataDir,
    env: { APP_HTTP_GRPC_ADDRESS: grpc.address('grpc') },
  })
  const url = `http://${http.address('http')}/grpc/hello`
  t.match(await call('GET', `${url}?id=1`), { status: 200, body: { id: 1, name: 'hello world' } })
  t.match(await call('GET', `${url}?id=nonsense`), {
    status: 400,
    body: { code: 'INVALID_ARGUMENT' },
  })
  await grpc.stop()
  t.match(await call('GET', `${url}?id=1`), { status: 503, body: { code: 'UNAVAILABLE' } })
})

await t.test('an occupied port is one clear line and exit code 1', async (t) => {
  const blocker = createServer().listen(0, '127.0.0.1')
  t.teardown(() => blocker.close())
  await once(blocker, 'listening')
  const { port } = blocker.address() as AddressInfo
  for (const [command, variable] of [
    ['http', 'APP_HTTP_PORT'],
    ['socket', 'APP_SOCKET_PORT'],
    ['grpc', 'APP_GRPC_PORT'],
    ['up', 'APP_GRPC_PORT'],
  ] as const) {
    const result = await runApp([command], {
      dataDir: t.testdir(),
      env: { [variable]: String(port), APP_LOG_LEVEL: 'silent' },
    })
    t.equal(result.code, 1, command)
    t.match(result.stderr, new RegExp(`127\\.0\\.0\\.1:${port}`), command)
    t.notMatch(result.stderr, /at .*\(.*:\d+:\d+\)/, 'no stack')
  }
})

await t.test('an answer under way is finished before the end', async (t) => {
  const app = await startApp(t, 'http', { dataDir: t.testdir() })
  const [host = '', port] = app.address('http').split(':')
  const socket = connect(Number(port), host)
  t.teardown(() => socket.destroy())
  let received = ''
  socket.setEncoding('utf8').on('data', (chunk: string) => (received += chunk))
  const body = JSON.stringify({ username: 'slow', password: 'correct horse battery' })
  socket.write(
    `POST /auth/register HTTP/1.1\r\nhost: ${host}:${port}\r\ncontent-type: application/json\r\n` +
      `content-length: ${body.length}\r\nexpect: 100-continue\r\n\r\n`,
  )
  await waitFor('the server has taken the request', () => received.includes('100 Continue'))
  app.child.kill('SIGTERM')
  await waitFor('shutdown has begun', () => app.log.some((line) => line['msg'] === 'stopping'))
  socket.write(body)
  await waitFor('the answer is complete', () => /HTTP\/1\.1 201/.test(received))
  t.match(received.toLowerCase(), /connection: close/)
  t.same(await app.ended, { code: 0, signal: null })
})
