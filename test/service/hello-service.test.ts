import t from 'tap'
import { createHelloService } from '../../src/service/hello-service.js'

await t.test('hello service greets id 1 as the world', async (t) => {
  t.strictSame(createHelloService().greet(1), { id: 1, name: 'hello world' })
})

await t.test('hello service greets every other id as gRPC', async (t) => {
  const hello = createHelloService()
  for (const id of [0, 2, -1, 2 ** 31 - 1, -(2 ** 31)]) {
    t.strictSame(hello.greet(id), { id, name: 'hello gRPC' })
  }
})
