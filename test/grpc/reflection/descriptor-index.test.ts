import { loadSync } from '@grpc/proto-loader'
import t from 'tap'
import { PROTO_FOLDER } from '../../../src/grpc/proto.js'
import { createDescriptorIndex } from '../../../src/grpc/reflection/descriptor-index.js'

const FILES = ['hello/hello.proto', 'gatehouse/v1/session.proto', 'gatehouse/v1/realtime.proto']
const index = createDescriptorIndex(FILES.map((name) => ({ name, folder: PROTO_FOLDER })))
const codec = loadSync('google/protobuf/descriptor.proto', {})[
  'google.protobuf.FileDescriptorProto'
] as unknown as { deserialize(bytes: Buffer): { name: string } }
const namesOf = (files: readonly Buffer[] | null) =>
  files && files.map((bytes) => codec.deserialize(bytes).name)

await t.test(
  'descriptor index finds files by name and by symbol, with their imports',
  async (t) => {
    const session = ['gatehouse/v1/session.proto', 'google/protobuf/timestamp.proto']
    t.strictSame(index.services, [
      'gatehouse.v1.RealtimeService',
      'gatehouse.v1.SessionService',
      'hello.HelloService',
    ])
    t.strictSame(namesOf(index.file('gatehouse/v1/session.proto')), session)
    for (const symbol of [
      'SessionService',
      'SessionService.Verify',
      'Principal',
      'Principal.user_id',
    ]) {
      t.strictSame(namesOf(index.fileOfSymbol(`gatehouse.v1.${symbol}`)), session, symbol)
    }
    t.strictSame(namesOf(index.fileOfSymbol('gatehouse.v1.RECEIPT_NODES')), [
      'gatehouse/v1/realtime.proto',
    ])
    t.strictSame(namesOf(index.file('google/protobuf/timestamp.proto')), session.slice(1))
    t.equal(index.file('no.proto'), null)
    t.equal(index.fileOfSymbol('gatehouse.v1.Nothing'), null)
  },
)
