import { connect } from 'node:net'
import { once } from 'node:events'
import { Registry } from 'prom-client'
import t from 'tap'
import { API_KEY, createTestHttp, createTestServer } from '../../helpers/http-fakes.js'
import { listen, openRaw } from '../../helpers/raw-http.js'
import { waitFor } from '../../helpers/wait-for.js'

await t.test('requests are measured by service, method, route and status', async (t) => {
  const registry = new Registry()
  const { server } = createTestHttp({ deps: { registry } })
  await server.inject('/hello?a=1')
  await server.inject('/hello?a=2')
  await server.inject({ method: 'DELETE', url: '/sessions/some-id' })
  await server.inject('/made-up-1')
  await server.inject({ method: 'PROPFIND' as 'GET', url: '/made-up-2' })
  const text = await registry.metrics()
  const count = (labels: string) => `http_request_duration_seconds_count{${labels}}`
  t.match(text, count('service="http",method="GET",route="/hello",status="200"') + ' 2')
  t.match(text, count('service="http",method="DELETE",route="/sessions/:id",status="401"') + ' 1')
  t.match(text, count('service="http",method="none",route="none",status="404"') + ' 2')
  t.notMatch(text, 'made-up')
  await server.close()
})

await t.test('two services of one process share a registry', async (t) => {
  const registry = new Registry()
  const http = createTestServer({ deps: { registry, serviceName: 'http' } })
  const socket = createTestServer({ deps: { registry, serviceName: 'socket' } })
  await http.server.inject('/health/live')
  await socket.server.inject('/health/live')
  const response = await socket.server.inject({
    url: '/metrics',
    headers: { 'x-api-key': API_KEY },
  })
  t.match(response.payload, 'service="http",method="GET",route="/health/live"')
  t.match(response.payload, 'service="socket",method="GET",route="/health/live"')
  await http.server.close()
  await socket.server.close()
})

await t.test('connections over the limit are turned away and counted', async (t) => {
  const registry = new Registry()
  const { server } = createTestServer({ deps: { registry }, options: { connectionsMax: 1 } })
  const port = await listen(server)
  await openRaw(port)
  const second = connect(port, '127.0.0.1')
  second.on('error', () => {})
  await once(second, 'close')
  await waitFor('the count', async () =>
    (await registry.metrics()).includes('http_connections_dropped_total{service="http"} 1'),
  )
  t.pass('counted')
  await server.close()
})
