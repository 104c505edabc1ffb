import t from 'tap'
import { createMessageInbox } from '../../../src/broker/redis/message-inbox.js'
import { waitFor } from '../../helpers/wait-for.js'

await t.test('MessageInbox hands on in order, not within the call', async (t) => {
  const heard: string[] = []
  const inbox = createMessageInbox({
    handle: (name, message) => heard.push(`${name} ${message}`),
    onOverflow: () => t.fail('nothing is dropped'),
  })
  inbox.push('a', '1')
  inbox.push('b', '2')
  t.strictSame(heard, [])
  await waitFor('both', () => heard.length === 2)
  t.strictSame(heard, ['a 1', 'b 2'])
})

await t.test('MessageInbox lets others in while it works off a burst', async (t) => {
  const heard: string[] = []
  let turns = 0
  const inbox = createMessageInbox({
    handle: (_name, message) => {
      heard.push(message)
      // Work that takes its time.
      for (const end = performance.now() + 0.2; performance.now() < end;);
    },
    onOverflow: () => t.fail('nothing is dropped'),
  })
  const messages = Array.from({ length: 300 }, (_, index) => `${index}`)
  for (const message of messages) inbox.push('a', message)
  await waitFor('all', () => {
    turns += 1
    return heard.length === 300
  })
  t.strictSame(heard, messages)
  t.ok(turns > 2, 'others had their turns')
})

await t.test('MessageInbox drops what is too much, and says how much', async (t) => {
  const heard: string[] = []
  const dropped: number[] = []
  const inbox = createMessageInbox({
    handle: (_name, message) => heard.push(message),
    onOverflow: (count) => dropped.push(count),
    lengthMax: 5,
  })
  for (const message of ['abc', 'def', 'g']) inbox.push('a', message)
  t.strictSame(dropped, [2])
  await waitFor('the rest', () => heard.length === 1)
  t.strictSame(heard, ['g'])
  inbox.push('a', 'h')
  inbox.close()
  inbox.push('a', 'i')
  await new Promise(setImmediate)
  t.strictSame(heard, ['g'], 'nothing after the end')
})
