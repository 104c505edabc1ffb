import t from 'tap'
import { ANYBODY } from '../../../src/grpc/caller.js'
import { createSayHelloHandler } from '../../../src/grpc/handler/hello-handler.js'

await t.test('SayHello answers what the service greets', async (t) => {
  const asked: number[] = []
  const handler = createSayHelloHandler({
    hello: {
      greet: (id) => {
        asked.push(id)
        return { id, name: 'hello test' }
      },
    },
  })
  const context = { requestId: 'r', caller: ANYBODY, signal: new AbortController().signal }
  t.strictSame(await handler({ id: 4 }, context), { id: 4, name: 'hello test' })
  t.strictSame(asked, [4])
})
