import { once } from 'node:events'
import { type AddressInfo, connect, createServer } from 'node:net'
import { Worker } from 'node:worker_threads'
import t from 'tap'
import { setDeadline } from '../../src/util/deadline-timer.js'
import { waitFor } from '../helpers/wait-for.js'

await t.test('a deadline is over once, unless it is taken back', async (t) => {
  const late: string[] = []
  setDeadline(() => late.push('kept'), 1)
  const taken = setDeadline(() => late.push('taken back'), 1)
  const loose = setDeadline(() => late.push('loose'), 5).unref()
  taken.clear()
  taken.clear()
  await waitFor('both', () => late.length === 2)
  t.strictSame(late, ['kept', 'loose'])
  loose.clear()
})

await t.test('an answer that came while the process was busy is in time', async (t) => {
  // It answers while this thread does nothing but run.
  const echo = new Worker(
    `const { parentPort } = require('node:worker_threads')
     const server = require('node:net').createServer((socket) => socket.pipe(socket))
     server.listen(0, '127.0.0.1', () => parentPort.postMessage(server.address().port))`,
    { eval: true },
  )
  t.teardown(() => echo.terminate())
  const [port] = (await once(echo, 'message')) as [number]
  const socket = connect(port, '127.0.0.1')
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const events: string[] = []
  const deadline = setDeadline(() => events.push('late'), 20)
  socket.once('data', () => {
    deadline.clear()
    events.push('answer')
  })
  socket.write('ping')
  const endsAt = performance.now() + 300
  while (performance.now() < endsAt);
  await waitFor('the end', () => events.length > 0)
  t.strictSame(events, ['answer'])
})

await t.test('an answer that does not come is late', async (t) => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  t.teardown(() => {
    socket.destroy()
    server.close()
  })
  await once(socket, 'connect')
  let isLate = false
  setDeadline(() => (isLate = true), 10)
  await waitFor('the deadline', () => isLate)
})
