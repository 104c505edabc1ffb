/**
 * Our own server, with everything that each of its routes has (log line, measurements, headers, limits), and
 * the route of the benchmark open to everybody: what authentication itself is compared with. Beside it `/graphql`,
 * by mercurius and nothing of ours.
 */
import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import { Registry } from 'prom-client'
import { createLogger } from '../../src/app/create-logger.js'
import { listenWeb } from '../../src/app/listen-web.js'
import { createReadiness } from '../../src/app/readiness.js'
import { createServer } from '../../src/http/create-server.js'
import { HOME_SCHEMA } from '../../src/http/schemas/hello-schema.js'
import { toUserJson } from '../../src/http/schemas/user-schema.js'
import { BENCH_USER, registerBareGraphql } from './bare-graphql.js'

const logger = await createLogger({
  ...{ level: 'info', format: 'json', service: 'http' },
  stream: process.stdout,
})
const server = createServer(
  {
    ...{ logger, registry: new Registry(), readiness: createReadiness({}) },
    ...{ apiKey: '', serviceName: 'http' },
  },
  {
    bodyBytesMax: 65_536,
    headerBytesMax: 16_384,
    requestTimeoutMs: 10_000,
    connectionsMax: 10_000,
    trustedProxies: [],
    secureCookies: false,
  },
)
server.register((scope, _options, done) => {
  const open = scope.withTypeProvider<TypeBoxTypeProvider>()
  open.get('/home', { schema: HOME_SCHEMA, config: { operation: 'home' } }, async () => ({
    text: 'welcome index page',
    user: toUserJson(BENCH_USER),
  }))
  done()
})
await registerBareGraphql(server)
const running = await listenWeb(server, { host: '127.0.0.1', port: 0 })
process.once('SIGTERM', () => void running.close(1_000))
const { host, port } = running.address
logger.info({ listener: 'house', address: `${host}:${port}` }, 'listening')
logger.info({}, 'ready')
