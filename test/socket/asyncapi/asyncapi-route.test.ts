import t from 'tap'
import { asyncapiDocument } from '../../../src/socket/asyncapi/asyncapi-document.js'
import { startSocketServer } from '../socket-server.js'

await t.test('the document is served', async (t) => {
  const server = await startSocketServer(t)
  const response = await fetch(`http://127.0.0.1:${server.port}/asyncapi.json`)
  t.equal(response.status, 200)
  t.match(response.headers.get('content-type'), /^application\/json/)
  t.same(await response.json(), JSON.parse(JSON.stringify(asyncapiDocument())))
})
