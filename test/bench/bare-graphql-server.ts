/**
 * The baseline: mercurius with compiled queries over the same schema, the same resolvers of the type over a user
 * from memory, one log line a request, nothing else.
 */
import fastify, { LogController } from 'fastify'
import { registerBareGraphql } from './bare-graphql.js'

const server = fastify({
  logger: { level: 'info' },
  logController: new LogController({ disableRequestLogging: true }),
})
server.addHook('onResponse', (request, reply, done) => {
  request.log.info({ method: request.method, status: reply.statusCode }, 'request')
  done()
})
await registerBareGraphql(server)
const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', () => void server.close())
process.stdout.write(
  `${JSON.stringify({ msg: 'listening', listener: 'bare', address: new URL(address).host })}\n` +
    `${JSON.stringify({ msg: 'ready' })}\n`,
)
