/** The baseline: Fastify with one route, a response schema and one log line a request, nothing else. */
import fastify, { LogController } from 'fastify'

const user = {
  id: '01890a5d-ac96-774b-bcce-b302099a8057',
  username: 'ada',
  displayName: 'ada',
  email: null,
  avatarUrl: null,
  gender: 'unknown',
  role: 'user',
  state: 'active',
  createdAt: '2026-01-01T00:00:00.000Z',
}
const text = { type: 'string' } as const
const nullable = { type: ['string', 'null'] } as const
const schema = {
  response: {
    200: {
      type: 'object',
      properties: {
        text,
        user: {
          type: 'object',
          properties: {
            ...{
              id: text,
              username: text,
              displayName: text,
              email: nullable,
              avatarUrl: nullable,
            },
            ...{ gender: text, role: text, state: text, createdAt: text },
          },
        },
      },
    },
  },
} as const

const server = fastify({
  logger: { level: 'info' },
  logController: new LogController({ disableRequestLogging: true }),
})
server.addHook('onResponse', (request, reply, done) => {
  request.log.info({ method: request.method, status: reply.statusCode }, 'request')
  done()
})
server.get('/home', { schema }, async () => ({ text: 'welcome index page', user }))
const address = await server.listen({ host: '127.0.0.1', port: 0 })
process.once('SIGTERM', () => void server.close())
process.stdout.write(
  `${JSON.stringify({ msg: 'listening', listener: 'bare', address: new URL(address).host })}\n` +
    `${JSON.stringify({ msg: 'ready' })}\n`,
)
