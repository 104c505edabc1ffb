import { fastifyCookie } from '@fastify/cookie'
import { fastify, type FastifyReply } from 'fastify'

/** The Set-Cookie values of an answer whose handler runs `write`. Rejects with what `write` throws. */
export async function cookiesOf(write: (reply: FastifyReply) => void): Promise<string[]> {
  const server = fastify()
  await server.register(fastifyCookie, { hook: false })
  let thrown: unknown
  server.get('/', (_request, reply) => {
    try {
      write(reply)
    } catch (error) {
      thrown = error
    }
    return reply.send()
  })
  const { headers } = await server.inject('/')
  await server.close()
  if (thrown instanceof Error) throw thrown
  return [headers['set-cookie'] ?? []].flat()
}
