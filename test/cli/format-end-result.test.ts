import t from 'tap'
import { formatEndResult } from '../../src/cli/format-end-result.js'

await t.test('formatEndResult counts in words', async (t) => {
  const one = { ended: 1, connectionsClosed: 1, processes: { asked: 1, answered: 0 } }
  t.equal(formatEndResult(one), '1 session ended, 1 connection closed, 0 of 1 process answered\n')
  const none = { ended: 0, connectionsClosed: 0, processes: { asked: 0, answered: 0 } }
  t.equal(
    formatEndResult(none),
    '0 sessions ended, 0 connections closed, 0 of 0 processes answered\n',
  )
})
