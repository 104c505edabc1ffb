import t from 'tap'
import { loadReflectionProtos } from '../../src/grpc/proto.js'
import { createFakeRealtimeService } from '../helpers/fake-realtime-service.js'
import { callRaw, connect, startServer } from './harness.js'

const { path, requestSerialize, responseDeserialize } =
  loadReflectionProtos().v1.ServerReflectionInfo

await t.test('reflection lists the services that are offered, where it is wanted', async (t) => {
  const listed = async (address: string): Promise<string[]> => {
    const client = connect(t, address)
    const stream = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize)
    stream.end({ listServices: '' })
    const answers = []
    for await (const answer of stream as AsyncIterable<ReturnType<typeof responseDeserialize>>) {
      answers.push(...(answer.listServicesResponse?.service ?? []))
    }
    return answers.map(({ name }) => name)
  }
  const house = ['gatehouse.v1.SessionService', 'grpc.health.v1.Health']
  const rest = [
    'grpc.reflection.v1.ServerReflection',
    'grpc.reflection.v1alpha.ServerReflection',
    'hello.HelloService',
  ]
  const plain = await startServer(t, {}, { reflection: true })
  t.strictSame(await listed(plain.address), [...house, ...rest])
  const realtime = createFakeRealtimeService({})
  const full = await startServer(t, { realtime }, { reflection: true })
  t.strictSame(await listed(full.address), ['gatehouse.v1.RealtimeService', ...house, ...rest])
  const silent = await startServer(t)
  await t.rejects(listed(silent.address), { code: 12 })
})

await t.test('a separate line serves health and nothing else', async (t) => {
  const { createGrpcServer } = await import('../../src/grpc/create-grpc-server.js')
  const { serverDeps } = await import('./harness.js')
  const { createMemoryLogger } = await import('../helpers/memory-logger.js')
  const server = createGrpcServer(serverDeps(createMemoryLogger()), { messageBytesMax: 65_536 })
  const any = { host: '127.0.0.1', port: 0 }
  const { port, health } = await server.start(any, any)
  t.teardown(() => server.close(0))
  t.ok(health && health.port !== port)
  const client = connect(t, `127.0.0.1:${health?.port}`)
  const check = '/grpc.health.v1.Health/Check'
  t.strictSame([...(await callRaw(client, check, Buffer.alloc(0)))], [8, 1])
  await t.rejects(callRaw(client, '/hello.HelloService/SayHello', Buffer.alloc(0)), { code: 12 })
})
