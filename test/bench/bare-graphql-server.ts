/**
 * The baseline: mercurius with compiled queries over the same schema, the same resolvers of the type over a user
 * from memory, one log line a request, nothing else.
 */
import { readFileSync } from 'node:fs'
import fastify, { LogController } from 'fastify'
import { mercurius } from 'mercurius'
import type { User } from '../../src/domain/user.js'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

const user: User = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  username: 'ada',
  displayName: 'ada',
  email: null,
  avatarUrl: null,
  gender: 'unknown',
  role: 'user',
  state: 'active',
  createdAt: Date.UTC(2026, 0, 1),
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
  resolvers: {
    Query: { user: async () => user },
    User: {
      gender: ({ gender }: User) => gender.toUpperCase(),
      role: ({ role }: User) => role.toUpperCase(),
      state: ({ state }: User) => state.toUpperCase(),
      createdAt: ({ createdAt }: User) => new Date(createdAt).toISOString(),
    },
  },
  jit: 1,
})
const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', () => void server.close())
process.stdout.write(
  `${JSON.stringify({ msg: 'listening', listener: 'bare', address: new URL(address).host })}\n` +
    `${JSON.stringify({ msg: 'ready' })}\n`,
)
