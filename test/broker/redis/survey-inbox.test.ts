import t from 'tap'
import { SurveyInbox } from '../../../src/broker/redis/survey-inbox.js'

await t.test('SurveyInbox keeps what comes early', async (t) => {
  const received: string[] = []
  let settled = 0
  const survey = {
    receive: (processId: string, body: string) => received.push(`${processId} ${body}`),
    settle: () => (settled += 1),
  }
  const inbox = new SurveyInbox()
  inbox.settle()
  inbox.receive('a', '1')
  inbox.receive('b', '2')
  t.strictSame(received, [])
  inbox.open(survey)
  inbox.receive('c', '3')
  t.strictSame(received, ['a 1', 'b 2', 'c 3'])
  inbox.settle()
  t.equal(settled, 1)
})
