import t from 'tap'
import { createTestServer } from '../../helpers/http-fakes.js'
import { listen, openRaw } from '../../helpers/raw-http.js'
import { waitFor } from '../../helpers/wait-for.js'

async function exchange(head: string): Promise<string> {
  const { server } = createTestServer()
  const raw = await openRaw(await listen(server), `${head}Connection: close\r\n\r\n`)
  await waitFor('the answer', raw.isClosed)
  await server.close()
  return raw.received()
}

await t.test('a request with a Host header, or of HTTP/1.0, is served', async (t) => {
  t.match(await exchange('GET /health/live HTTP/1.1\r\nHost: a\r\n'), /^HTTP\/1\.1 200 /)
  t.match(await exchange('GET /health/live HTTP/1.0\r\n'), /^HTTP\/1\.1 200 /)
})

await t.test('an HTTP/1.1 request without one is a problem', async (t) => {
  const answer = await exchange('GET /health/live HTTP/1.1\r\n')
  t.match(answer, /^HTTP\/1\.1 400 Bad Request\r\n/)
  t.match(answer, '"reason":"request_malformed"')
  t.match(answer, /x-request-id: [0-9a-f-]{36}\r\n/)
})
