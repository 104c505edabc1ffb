import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import t from 'tap'
import { loadProtos, loadReflectionProtos } from '../../src/grpc/proto.js'
import { generateProtoTypes, PROTO_TYPES_FOLDER } from '../helpers/proto-types.js'

async function filesUnder(folder: string): Promise<Map<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = entries.filter((entry) => entry.isFile())
  const read = files.map(async (file): Promise<[string, string]> => {
    const path = join(file.parentPath, file.name)
    return [path.slice(folder.length + 1), await readFile(path, 'utf8')]
  })
  return new Map((await Promise.all(read)).sort(([a], [b]) => a.localeCompare(b)))
}

await t.test('protos are loaded once, with the methods they declare', async (t) => {
  const protos = loadProtos()
  t.equal(loadProtos(), protos)
  t.strictSame(Object.keys(protos.hello), ['SayHello'])
  t.strictSame(Object.keys(protos.session), ['Verify', 'VerifyBatch', 'End', 'WatchRevocations'])
  t.strictSame(Object.keys(protos.realtime), [
    'Publish',
    'Broadcast',
    'Presence',
    'History',
    'Disconnect',
  ])
  t.equal(protos.hello.SayHello.path, '/hello.HelloService/SayHello')
  t.equal(protos.session.Verify.path, '/gatehouse.v1.SessionService/Verify')
})

await t.test('protos keep every field through the wire', async (t) => {
  const { Verify } = loadProtos().session
  const response = {
    active: true,
    principal: { userId: 'u', role: 'user', sessionId: 's', clientId: 'c' },
    expiresAt: { seconds: 1_800_000_000, nanos: 5 },
    reason: 'r',
    message: 'm',
  }
  t.same(Verify.responseDeserialize(Verify.responseSerialize(response)), response)
  t.same(Verify.requestDeserialize(Buffer.alloc(0)), { accessToken: '' })
})

await t.test('generated types are what the proto files say', async (t) => {
  const folder = t.testdir()
  await generateProtoTypes(folder)
  const fresh = await filesUnder(folder)
  const committed = await filesUnder(PROTO_TYPES_FOLDER)
  t.ok(fresh.size > 0)
  t.same(committed, fresh, 'run npm run generate and commit src/grpc/generated')
})

await t.test('reflection has two versions with the same messages', async (t) => {
  const { v1, v1alpha } = loadReflectionProtos()
  const [one, other] = [v1.ServerReflectionInfo, v1alpha.ServerReflectionInfo]
  t.equal(one.path, '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo')
  t.equal(other.path, '/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo')
  t.ok(one.requestStream && one.responseStream && other.requestStream && other.responseStream)
  const bytes = one.responseSerialize({
    fileDescriptorResponse: { fileDescriptorProto: [Buffer.from('file')] },
  })
  t.match(other.responseDeserialize(bytes), {
    fileDescriptorResponse: { fileDescriptorProto: [Buffer.from('file')] },
  })
})
