/** The baseline: mercurius with compiled queries over the same schema, one log line a request, nothing else. */
import { readFileSync } from 'node:fs'
import fastify, { LogController } from 'fastify'
import { mercurius } from 'mercurius'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

const user = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  username: 'ada',
  displayName: 'ada',
  email: null,
  avatarUrl: null,
  gender: 'UNKNOWN',
  role: 'USER',
  state: 'ACTIVE',
  createdAt: '2026-01-01T00:00:00.000Z',
}

const server = fastify({
  logger: { level: 'info' },
  logController: new LogController({ disableRequestLogging: true }),
})
server.addHook('onResponse', (request, reply, done) => {
  request.log.info({ method: request.method, status: reply.statusCode }, 'request')
  done()
})
await server.register(mercurius, {
  schema: readFileSync(`${PACKAGE_ROOT}assets/graphql/schema.graphql`, 'utf8'),
  resolvers: { Query: { user: async () => user } },
  jit: 1,
})
const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', () => void server.close())
process.stdout.write(
  `${JSON.stringify({ msg: 'listening', listener: 'bare', address: new URL(address).host })}\n` +
    `${JSON.stringify({ msg: 'ready' })}\n`,
)
