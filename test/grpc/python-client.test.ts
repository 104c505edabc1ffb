import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { API_KEY, GOOD_TOKEN, startServer } from './harness.js'

const run = promisify(execFile)
const SCRIPT = join(PACKAGE_ROOT, 'test/fixtures/grpc_client.py')
const PYTHON = '/usr/bin/python3'

/** Why the foreign client cannot run; false when it can. With REQUIRE_SERVICES=1 that is a failure. */
async function obstacle(): Promise<string | false> {
  if (process.env.REQUIRE_SERVICES === '1') return false
  try {
    await run(PYTHON, ['-c', 'import grpc, google.protobuf'])
    return false
  } catch {
    return `${PYTHON} cannot import grpc and google.protobuf (Debian: python3-grpcio, python3-protobuf)`
  }
}

const skip = await obstacle()

await t.test('gRPC server serves a client of another implementation', { skip }, async (t) => {
  const { address } = await startServer(t)
  const { stdout } = await run(PYTHON, [SCRIPT, address, API_KEY, GOOD_TOKEN])
  const refused = {
    code: 'UNAUTHENTICATED',
    details: 'This method needs one valid x-api-key.',
    reason: 'api_key_invalid',
    requestId: /^[0-9a-f-]{36}$/,
  }
  t.match(JSON.parse(stdout), {
    hello: { id: 1, name: 'hello world' },
    negative: { id: -7, name: 'hello gRPC' },
    health: 1,
    good: {
      active: true,
      hasPrincipal: true,
      userId: 'user-1',
      role: 'admin',
      sessionId: 'session-1',
      clientId: 'client-1',
      expiresAtMs: 1_800_000_000_123,
      reason: '',
      message: '',
    },
    bad: {
      active: false,
      hasPrincipal: false,
      expiresAtMs: null,
      reason: 'token_malformed',
      message: 'This is not an access token.',
    },
    noKey: refused,
    twoKeys: refused,
    unknownService: { code: 'NOT_FOUND', reason: 'service_unknown' },
    unknownMethod: { code: 'UNIMPLEMENTED' },
  })
})
