export interface HelloService {
  /** The greeting of `id` (any int32): 1 is greeted with "hello world", every other with "hello gRPC". */
  greet(id: number): { readonly id: number; readonly name: string }
}

const WORLD_ID = 1

export function createHelloService(): HelloService {
  return {
    greet: (id) => ({ id, name: id === WORLD_ID ? 'hello world' : 'hello gRPC' }),
  }
}
