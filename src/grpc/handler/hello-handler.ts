import type { HelloService } from '../../service/hello-service.js'
import type { HelloRequest__Output } from '../generated/hello/HelloRequest.js'
import type { HelloResponse } from '../generated/hello/HelloResponse.js'
import type { UnaryHandler } from '../unary.js'

/** `hello.HelloService/SayHello`. */
export function createSayHelloHandler(deps: {
  hello: HelloService
}): UnaryHandler<HelloRequest__Output, HelloResponse> {
  return (request) => deps.hello.greet(request.id)
}
