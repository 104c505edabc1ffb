import t from 'tap'
import { pythonMissing, runPython } from '../helpers/python.js'
import { API_KEY, GOOD_TOKEN, startServer } from './harness.js'

const skip = await pythonMissing()

await t.test('gRPC server serves a client of another implementation', { skip }, async (t) => {
  const { address } = await startServer(t)
  const answers = await runPython('grpc_client.py', address, API_KEY, GOOD_TOKEN)
  const refused = {
    code: 'UNAUTHENTICATED',
    details: 'This method needs one valid x-api-key.',
    reason: 'api_key_invalid',
    requestId: /^[0-9a-f-]{36}$/,
  }
  t.match(answers, {
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
