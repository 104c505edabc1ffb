import type { Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import t from 'tap'
import { createWriteTurn } from '../../src/socket/write-turn.js'

await t.test('a turn has one number, and ends what was held back in it', async (t) => {
  const calls: string[] = []
  const socket = {
    cork: () => calls.push('cork'),
    uncork: () => calls.push('uncork'),
  } as unknown as Socket
  const writes = createWriteTurn()
  const first = writes.current()
  t.equal(writes.current(), first)
  writes.cork(socket)
  writes.cork(socket)
  t.strictSame(calls, ['cork'])
  await turn()
  t.strictSame(calls, ['cork', 'uncork'])
  t.not(writes.current(), first)
})
