import t from 'tap'
import { uniqueName } from './unique-name.js'

await t.test('uniqueName never gives a name twice', async (t) => {
  const names = Array.from({ length: 1000 }, () => uniqueName('room'))
  t.equal(new Set(names).size, 1000)
  t.ok(names.every((name) => /^room_[0-9a-f]{16}$/.test(name)))
})

await t.test('uniqueName fits a database name and refuses a prefix that would not', async (t) => {
  t.ok(uniqueName(`p${'x'.repeat(39)}`).length <= 64)
  for (const unfit of ['', 'Room', '1a', 'a-b', 'a`b', 'x'.repeat(41)]) {
    t.throws(() => uniqueName(unfit), { message: `unfit as a prefix: ${unfit}` })
  }
})
