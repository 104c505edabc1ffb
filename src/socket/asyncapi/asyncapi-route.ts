import type { FastifyPluginAsync } from 'fastify'
import { asyncapiDocument } from './asyncapi-document.js'

/** `GET /asyncapi.json`: what may be said on the WebSockets of this service, as AsyncAPI 3. */
export function createAsyncapiRoute(): FastifyPluginAsync {
  return async (fastify) => {
    fastify.route({
      method: 'GET',
      url: '/asyncapi.json',
      handler: async (_request, reply) =>
        reply
          .type('application/json; charset=utf-8')
          .serializer(JSON.stringify)
          .send(asyncapiDocument()),
    })
  }
}
