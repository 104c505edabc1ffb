import t from 'tap'
import { createKeyedGate } from '../../src/util/keyed-gate.js'

/** Work that waits until it is let go. */
function createWork() {
  const started: string[] = []
  const releases = new Map<string, () => void>()
  return {
    started,
    run: (name: string) => async (): Promise<string> => {
      started.push(name)
      await new Promise<void>((resolve) => releases.set(name, resolve))
      return name
    },
    release: (name: string) => releases.get(name)?.(),
  }
}

const refuse = (): Error => new Error('full')

await t.test('a gate lets so many through under one key, and keys alone', async (t) => {
  const gate = createKeyedGate({ concurrency: 2, waitingMax: 10, refuse })
  const work = createWork()
  const all = ['a1', 'a2', 'a3', 'b1'].map((name) => gate.run(name.slice(0, 1), work.run(name)))
  t.same(work.started, ['a1', 'a2', 'b1'])
  t.equal(gate.size, 2)
  work.release('a2')
  t.equal(await all[1], 'a2')
  t.same(work.started, ['a1', 'a2', 'b1', 'a3'])
  for (const name of ['a1', 'a3', 'b1']) work.release(name)
  t.same(await Promise.all(all), ['a1', 'a2', 'a3', 'b1'])
  t.equal(gate.size, 0, 'a key with nothing under it is forgotten')
})

await t.test('a gate refuses when too many wait, and goes on', async (t) => {
  const gate = createKeyedGate({ concurrency: 1, waitingMax: 1, refuse })
  const work = createWork()
  const [first, second] = [gate.run('a', work.run('1')), gate.run('a', work.run('2'))]
  await t.rejects(gate.run('a', work.run('3')), { message: 'full' })
  work.release('1')
  t.equal(await first, '1')
  work.release('2')
  t.equal(await second, '2')
})

await t.test('work that fails gives its place back', async (t) => {
  const gate = createKeyedGate({ concurrency: 1, waitingMax: 1, refuse })
  const failing = gate.run('a', () => Promise.reject(new Error('broken')))
  const after = gate.run('a', async () => 'fine')
  await t.rejects(failing, { message: 'broken' })
  t.equal(await after, 'fine')
  t.equal(gate.size, 0)
})
