import t from 'tap'
import { KeyedWork } from '../../../../src/socket/protocols/centrifuge/keyed-work.js'
import { waitFor } from '../../../helpers/wait-for.js'

await t.test('work of one key runs in order, work of others beside it', async (t) => {
  const work = new KeyedWork()
  const done: string[] = []
  const gates = new Map<string, () => void>()
  const step = (key: string, name: string): void => {
    work.run(key, async () => {
      done.push(`begin ${name}`)
      await new Promise<void>((resolve) => gates.set(name, resolve))
      done.push(`end ${name}`)
    })
  }
  step('a', 'a1')
  step('a', 'a2')
  step('b', 'b1')
  t.equal(work.size, 3)
  t.strictSame(done, ['begin a1', 'begin b1'])
  gates.get('b1')?.()
  gates.get('a1')?.()
  await waitFor('the second of a', () => gates.has('a2'))
  gates.get('a2')?.()
  await waitFor('the end', () => work.size === 0)
  t.ok(done.indexOf('end a1') < done.indexOf('begin a2'))
})
