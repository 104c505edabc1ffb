import t from 'tap'
import { assertDecoded, withTolerantMessages } from '../../src/grpc/message.js'
import { loadProtos } from '../../src/grpc/proto.js'

await t.test('tolerant service decodes good requests as before', async (t) => {
  const service = withTolerantMessages(loadProtos().hello)
  const request: unknown = service.SayHello?.requestDeserialize(Buffer.from([8, 7]))
  t.same(request, { id: 7 })
  t.doesNotThrow(() => {
    assertDecoded(request)
  })
  t.equal(service.SayHello?.path, '/hello.HelloService/SayHello')
})

await t.test('tolerant service takes the answers of unary methods in bytes', async (t) => {
  const { session } = loadProtos()
  const service = withTolerantMessages(session)
  const bytes = Buffer.from([1, 2, 3])
  t.equal(service.Verify?.responseSerialize(bytes), bytes)
  t.equal(service.WatchRevocations?.responseSerialize, session.WatchRevocations.responseSerialize)
})

await t.test('tolerant service marks bytes that are no message', async (t) => {
  const service = withTolerantMessages(loadProtos().hello)
  const request: unknown = service.SayHello?.requestDeserialize(Buffer.from([0xff, 0xff, 0xff]))
  t.ok(request, 'grpc-js takes a falsy request for a missing one')
  t.throws(
    () => {
      assertDecoded(request)
    },
    {
      code: 'INVALID_ARGUMENT',
      reason: 'message_malformed',
      message: 'The request is not a message that this method understands.',
    },
  )
})
