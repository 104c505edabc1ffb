import t from 'tap'
import { createEmulationSessions } from '../../src/realtime/emulation-sessions.js'

await t.test('what is sent reaches the connection of that name, while it is there', async (t) => {
  const sessions = createEmulationSessions()
  const received: string[] = []
  sessions.add('secret', (data) => received.push(data))
  t.equal(sessions.receive('secret', 'a'), true)
  t.equal(sessions.receive('other', 'b'), false)
  sessions.remove('secret')
  sessions.remove('secret')
  t.equal(sessions.receive('secret', 'c'), false)
  t.strictSame(received, ['a'])
})
