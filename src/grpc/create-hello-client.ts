import type { HelloClient } from '../domain/hello.js'
import { invalidArgument } from '../errors/app-error.js'
import type { GrpcChannel } from './create-grpc-channel.js'

const INT32_MIN = -(2 ** 31)
const INT32_MAX = 2 ** 31 - 1

/** The client of `hello.HelloService` on a shared channel; who made the channel closes it. */
export function createHelloClient(deps: {
  channel: GrpcChannel
  callTimeoutMs: number
}): HelloClient {
  return {
    async sayHello(id) {
      // The encoder would wrap a larger number around without a word.
      if (!Number.isInteger(id) || id < INT32_MIN || id > INT32_MAX) {
        const message = `An id is a whole number from ${INT32_MIN} to ${INT32_MAX}.`
        throw invalidArgument(message, [{ path: 'id', message }])
      }
      const answer = await deps.channel.call(
        (protos) => protos.hello.SayHello,
        { id },
        deps.callTimeoutMs,
      )
      return { id: answer.id, name: answer.name }
    },
  }
}
