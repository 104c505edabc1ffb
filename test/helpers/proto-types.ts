import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

const GENERATOR = 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js'
const OPTIONS = [
  '--grpcLib=@grpc/grpc-js',
  '--longs=Number',
  '--defaults',
  '--importFileExtension=.js',
  '--includeDirs=protos',
]
/** Both versions of reflection have the same messages, so one makes the types of both. */
const PROTOS = [
  'hello/hello.proto',
  'gatehouse/v1/session.proto',
  'gatehouse/v1/realtime.proto',
  'grpc/reflection/v1/reflection.proto',
]

/** Where the types that are made from `protos/` are committed. */
export const PROTO_TYPES_FOLDER = join(PACKAGE_ROOT, 'src/grpc/generated')

/** Writes the types of all proto files into an empty folder. */
export async function generateProtoTypes(folder: string): Promise<void> {
  await promisify(execFile)(
    process.execPath,
    [GENERATOR, ...OPTIONS, `--outDir=${folder}`, '--', ...PROTOS],
    { cwd: PACKAGE_ROOT },
  )
}
