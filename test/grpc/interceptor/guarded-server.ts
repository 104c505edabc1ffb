import { Server, ServerCredentials, type UntypedServiceImplementation } from '@grpc/grpc-js'
import type { Admission } from '../../../src/grpc/admission.js'
import { ANYBODY } from '../../../src/grpc/caller.js'
import { createCallInterceptor } from '../../../src/grpc/interceptor/call-interceptor.js'
import type { FinishedCall } from '../../../src/grpc/interceptor/guarded-call.js'
import { withTolerantMessages } from '../../../src/grpc/message.js'
import { loadProtos } from '../../../src/grpc/proto.js'
import { createStreamGate } from '../../../src/grpc/stream-gate.js'
import type { UnaryMethod } from '../../../src/grpc/unary.js'
import { connect, SAY_HELLO } from '../harness.js'

export interface GuardedOptions {
  /** Answers `hello.HelloService/SayHello`. */
  readonly sayHello?: UnaryMethod
  /** Handlers of the streams of `gatehouse.v1.SessionService`. */
  readonly streams?: UntypedServiceImplementation
  readonly admit?: Admission
  readonly streamsMax?: number
  readonly messageBytesMax?: number
}

/** A bare server behind the interceptor, and what it reports. */
export async function serveGuarded(
  t: { teardown(fn: () => unknown): void },
  options: GuardedOptions,
) {
  const { sayHello = () => undefined, streams = {}, admit = () => ANYBODY } = options
  const { messageBytesMax = 65_536, streamsMax = 10 } = options
  const { hello, session } = loadProtos()
  const finished: FinishedCall[] = []
  const route = { method: sayHello, serialize: serializeHello, messageBytesMax }
  const server = new Server({
    interceptors: [
      createCallInterceptor({
        admit,
        streams: createStreamGate({ streamsMax }),
        observe: (call) => finished.push(call),
        unaryRoutes: new Map([[SAY_HELLO, route]]),
      }),
    ],
  })
  server.addService(withTolerantMessages(hello), {})
  server.addService(withTolerantMessages(session), streams)
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) => {
      if (error) reject(error)
      else resolve(bound)
    })
  })
  t.teardown(() => {
    server.forceShutdown()
  })
  return { finished, port, client: connect(t, `127.0.0.1:${port}`) }
}

function serializeHello(response: unknown): Buffer {
  return loadProtos().hello.SayHello.responseSerialize(response as { id: number; name: string })
}
