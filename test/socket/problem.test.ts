import fastify from 'fastify'
import t from 'tap'
import { sendProblem } from '../../src/socket/problem.js'

await t.test('sendProblem answers with a problem document', async (t) => {
  const app = fastify()
  t.teardown(() => app.close())
  const problem = {
    status: 426,
    title: 'Upgrade Required',
    detail: 'Speak WebSocket.',
    code: 'FAILED_PRECONDITION',
    reason: 'upgrade_required',
  } as const
  app.get('/', (_request, reply) => sendProblem(reply, problem))
  const response = await app.inject('/')
  t.equal(response.statusCode, 426)
  t.equal(response.headers['content-type'], 'application/problem+json; charset=utf-8')
  t.match(response.json(), { type: 'about:blank', ...problem, requestId: /^req-/ })
})
