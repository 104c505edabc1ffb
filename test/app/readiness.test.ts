import t from 'tap'
import { createReadiness } from '../../src/app/readiness.js'

await t.test('readiness is off until it is switched on, and tells its listeners', async (t) => {
  const readiness = createReadiness({ store: () => undefined })
  const seen: boolean[] = []
  readiness.onChange((ready) => seen.push(ready))
  t.equal(readiness.isReady(), false)
  t.same(await readiness.check(), { ready: false, parts: { store: 'ok' } })
  readiness.set(true)
  readiness.set(true)
  t.same(await readiness.check(), { ready: true, parts: { store: 'ok' } })
  readiness.set(false)
  t.same(seen, [true, false])
})

await t.test('readiness names the part that fails or does not answer', async (t) => {
  const readiness = createReadiness({
    store: () => Promise.reject(new Error('gone')),
    broker: () => new Promise<void>(() => undefined),
    keys: () => undefined,
  })
  readiness.set(true)
  t.same(await readiness.check(), {
    ready: false,
    parts: { store: 'failing', broker: 'failing', keys: 'ok' },
  })
})
