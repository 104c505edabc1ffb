import t from 'tap'
import { createWriteMarks } from '../../../src/repository/mysql/write-mark.js'

await t.test('write marks know nothing of nobody', async (t) => {
  const marks = createWriteMarks()
  t.equal(marks.of('ann'), -Infinity)
  t.equal(marks.of(null), -Infinity)
})

await t.test('write marks keep the last write of each user, and of anybody', async (t) => {
  const marks = createWriteMarks()
  marks.note(['ann', 'bob'], 10)
  marks.note(['ann'], 20)
  marks.note(['ann'], 15)
  t.equal(marks.of('ann'), 20)
  t.equal(marks.of('bob'), 10)
  t.equal(marks.of('cid'), -Infinity)
  t.equal(marks.of(null), 20)
  t.equal(marks.size, 2)
})

await t.test(
  'write marks of a write of which is not known whom it concerns are everybody',
  async (t) => {
    const marks = createWriteMarks()
    marks.note(['ann'], 10)
    marks.note(null, 20)
    marks.note(['bob'], 30)
    t.equal(marks.of('ann'), 20)
    t.equal(marks.of('cid'), 20)
    t.equal(marks.of('bob'), 30)
    t.equal(marks.of(null), 30)
  },
)

await t.test('write marks are forgotten by age, and come back with the next write', async (t) => {
  const marks = createWriteMarks()
  marks.note(['ann'], 10)
  marks.note(['bob'], 20)
  marks.note(['ann'], 30)
  marks.forgetBefore(30)
  t.equal(marks.of('bob'), -Infinity)
  t.equal(marks.of('ann'), 30)
  t.equal(marks.of(null), 30, 'that somebody wrote is not forgotten')
  marks.forgetBefore(Infinity)
  t.equal(marks.size, 0)
  marks.note(['ann'], 40)
  t.equal(marks.of('ann'), 40)
})

await t.test('write marks are bounded: over the bound everybody has written', async (t) => {
  const marks = createWriteMarks(2)
  marks.note(['ann', 'bob'], 10)
  marks.note(['cid'], 20)
  t.equal(marks.size, 0)
  t.equal(marks.of('ann'), 20)
  t.equal(marks.of('nobody'), 20)
})
