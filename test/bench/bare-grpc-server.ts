/** The baseline: grpc-js with one unary method and nothing else. */
import { Server, ServerCredentials } from '@grpc/grpc-js'
import { loadProtos } from '../../src/grpc/proto.js'

const server = new Server()
server.addService(loadProtos().session, {
  Verify: (_call: unknown, callback: (error: null, response: object) => void) => {
    callback(null, {
      active: true,
      principal: { userId: 'u', role: 'user', sessionId: 's', clientId: 'c' },
      expiresAt: { seconds: 1_800_000_000, nanos: 0 },
    })
  },
  VerifyBatch: () => undefined,
  End: () => undefined,
  WatchRevocations: () => undefined,
})
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (_error, port) => {
  process.once('SIGTERM', () => server.forceShutdown())
  const address = `127.0.0.1:${port}`
  process.stdout.write(
    `${JSON.stringify({ msg: 'listening', listener: 'bare', address })}\n` +
      `${JSON.stringify({ msg: 'ready' })}\n`,
  )
})
