import t from 'tap'
import { startSocketServer } from '../socket-server.js'

await t.test('text is echoed as text, binary as binary', async (t) => {
  const server = await startSocketServer(t)
  const client = await server.connect('/socket_server')
  client.send('hello')
  client.send('')
  client.send('grüße ：')
  client.socket.send(Buffer.from([0, 255, 1]))
  t.equal(await client.frame(1), 'recv data:hello')
  t.equal(await client.frame(2), 'recv data:')
  t.equal(await client.frame(3), 'recv data:grüße ：')
  t.same(await client.frame(4), Buffer.from([...Buffer.from('recv data:'), 0, 255, 1]))
})

await t.test('an object with name and age is greeted, with a full-width colon', async (t) => {
  const server = await startSocketServer(t)
  const client = await server.connect('/socket_server')
  client.send({ name: 'Ken "K"', age: '30' })
  client.send({ Name: 'x', AGE: '1', more: 1 })
  t.equal(await client.frame(1), '{"data":{"message":"recv msg\uff1aKen \\"K\\"_30"}}')
  t.equal(await client.frame(2), '{"data":{"message":"recv msg\uff1ax_1"}}')
})

await t.test('JSON of another shape is text like any other', async (t) => {
  const server = await startSocketServer(t)
  const client = await server.connect('/socket_server')
  const texts = ['{"name":"x"}', '{"name":"x","age":1}', '[]', 'null', '{"name"']
  for (const text of texts) client.send(text)
  await client.frame(texts.length)
  t.same(
    client.received,
    texts.map((text) => `recv data:${text}`),
  )
})
