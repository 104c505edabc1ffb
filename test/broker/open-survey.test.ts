import t from 'tap'
import { openSurvey } from '../../src/broker/open-survey.js'

const decode = (body: string): string | null => (body === 'null' ? null : body)

await t.test('open survey ends as soon as all have answered', async (t) => {
  const { survey, gathered } = openSurvey({ asked: ['a', 'b'], timeoutMs: 60_000, decode })
  survey.receive('b', 'from b')
  survey.receive('a', 'from a')
  t.strictSame(await gathered, { answers: ['from b', 'from a'], missing: [] })
})

await t.test('open survey counts each process once, and only those asked', async (t) => {
  const { survey, gathered } = openSurvey({ asked: ['a', 'b'], timeoutMs: 60_000, decode })
  survey.receive('a', 'first')
  survey.receive('a', 'second')
  survey.receive('stranger', 'hello')
  survey.receive('b', 'last')
  t.strictSame(await gathered, { answers: ['first', 'last'], missing: [] })
})

await t.test('open survey does not wait for a process that cannot answer', async (t) => {
  const { survey, gathered } = openSurvey({ asked: ['a', 'b'], timeoutMs: 60_000, decode })
  survey.receive('a', 'null')
  survey.receive('b', 'fine')
  t.strictSame(await gathered, { answers: ['fine'], missing: ['a'] })
})

await t.test('open survey names the silent ones at the deadline', async (t) => {
  const { survey, gathered } = openSurvey({ asked: ['a', 'b', 'c'], timeoutMs: 1, decode })
  survey.receive('b', 'fine')
  const result = await gathered
  t.strictSame(result, { answers: ['fine'], missing: ['a', 'c'] })
  survey.receive('a', 'late')
  t.strictSame(result.answers, ['fine'])
})

await t.test('open survey can be settled before its time, twice', async (t) => {
  const { survey, gathered } = openSurvey({ asked: ['a'], timeoutMs: 60_000, decode })
  survey.settle()
  survey.settle()
  t.strictSame(await gathered, { answers: [], missing: ['a'] })
})
