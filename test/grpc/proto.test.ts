import { execFile } from 'node:child_process'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { loadProtos } from '../../src/grpc/proto.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

const GENERATOR = 'node_modules/@grpc/proto-loader/build/bin/proto-loader-gen-types.js'
const GENERATOR_ARGUMENTS = [
  '--grpcLib=@grpc/grpc-js',
  '--longs=Number',
  '--defaults',
  '--importFileExtension=.js',
  '--includeDirs=protos',
]
const PROTOS = ['hello/hello.proto', 'gatehouse/v1/session.proto']

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
  t.strictSame(Object.keys(protos.session), ['Verify'])
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
  await promisify(execFile)(
    process.execPath,
    [GENERATOR, ...GENERATOR_ARGUMENTS, `--outDir=${folder}`, '--', ...PROTOS],
    { cwd: PACKAGE_ROOT },
  )
  const fresh = await filesUnder(folder)
  const committed = await filesUnder(join(PACKAGE_ROOT, 'src/grpc/generated'))
  t.ok(fresh.size > 0)
  t.same(committed, fresh, 'run the generator again and commit src/grpc/generated')
})
