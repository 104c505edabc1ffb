import t from 'tap'
import { isBusMessage } from '../../../src/broker/redis/bus-message.js'

await t.test('isBusMessage looks at every member', async (t) => {
  const message = { surveyId: 's', from: 'p', kind: 'push', body: '{}' }
  t.ok(isBusMessage(message))
  t.ok(isBusMessage({ ...message, more: 1 }), 'a later version may say more')
  for (const name of Object.keys(message)) {
    t.notOk(isBusMessage({ ...message, [name]: 1 }), name)
  }
  for (const value of [null, 1, 'text', []]) t.notOk(isBusMessage(value))
})
