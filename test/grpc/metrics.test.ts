import { Registry } from 'prom-client'
import t from 'tap'
import { createCallMetrics } from '../../src/grpc/metrics.js'

await t.test('call metrics count by method and status, and time by method', async (t) => {
  const registry = new Registry()
  const metrics = createCallMetrics(registry)
  metrics.record('/hello.HelloService/SayHello', 'OK', 4)
  metrics.record('/hello.HelloService/SayHello', 'OK', 30)
  metrics.record('/hello.HelloService/SayHello', 'CANCELLED', 1)
  const text = await registry.metrics()
  const labels = 'grpc_service="hello.HelloService",grpc_method="SayHello"'
  t.match(text, `grpc_server_handled_total{${labels},grpc_code="OK"} 2`)
  t.match(text, `grpc_server_handled_total{${labels},grpc_code="CANCELLED"} 1`)
  t.match(text, `grpc_server_handling_seconds_bucket{le="0.005",${labels}} 2`)
  t.match(text, `grpc_server_handling_seconds_sum{${labels}} 0.035`)
})
