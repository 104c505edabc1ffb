import t from 'tap'
import { listenForStop, runService } from '../../src/cli/run-service.js'
import { waitFor } from '../helpers/wait-for.js'
import { createFakeIo, createFakeRunningApp } from './fake-cli.js'

await t.test('runService serves until a signal, closes once, ends with 0', async (t) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) {
    const io = createFakeIo()
    const app = createFakeRunningApp()
    const started: unknown[] = []
    const code = runService({
      signals: io.signals,
      start: async () => app,
      onStarted: (running) => started.push(running),
    })
    await waitFor('the start', () => started.length > 0)
    t.equal(app.closed, 0)
    io.kill(signal)
    t.equal(await code, 0)
    t.equal(app.closed, 1)
    t.same(started, [app])
    t.same(app.lines, [{ fields: { signal }, message: 'stopping' }])
    t.equal(io.listenerCount(), 0, 'no listener is left')
  }
})

await t.test('a signal during the start stops as soon as it is up', async (t) => {
  const io = createFakeIo()
  const app = createFakeRunningApp()
  let finish: () => void = () => undefined
  const code = runService({
    signals: io.signals,
    start: () => new Promise((resolve) => (finish = () => resolve(app))),
    onStarted: () => undefined,
  })
  io.kill('SIGTERM')
  finish()
  t.equal(await code, 0)
  t.equal(app.closed, 1)
})

await t.test('a second signal ends with 1 at once', async (t) => {
  const io = createFakeIo()
  let closing = false
  const app = createFakeRunningApp({
    close: () => {
      closing = true
      return new Promise(() => undefined)
    },
  })
  const code = runService({
    signals: io.signals,
    start: async () => app,
    onStarted: () => undefined,
  })
  io.kill('SIGTERM')
  await waitFor('the close', () => closing)
  io.kill('SIGINT')
  t.equal(await code, 1)
  t.equal(io.listenerCount(), 0)
})

await t.test('a second signal ends a start that hangs', async (t) => {
  const io = createFakeIo()
  const code = runService({
    signals: io.signals,
    start: () => new Promise(() => undefined),
    onStarted: () => undefined,
  })
  io.kill('SIGINT')
  io.kill('SIGINT')
  t.equal(await code, 1)
})

await t.test('runService raises what start, onStarted and close raise', async (t) => {
  const io = createFakeIo()
  const failed = new Error('no start')
  await t.rejects(
    runService({
      signals: io.signals,
      start: () => Promise.reject(failed),
      onStarted: () => undefined,
    }),
    failed,
  )
  t.equal(io.listenerCount(), 0)

  const app = createFakeRunningApp()
  await t.rejects(
    runService({
      signals: io.signals,
      start: async () => app,
      onStarted: () => {
        throw new Error('no terminal')
      },
    }),
    { message: 'no terminal' },
  )
  t.equal(app.closed, 1, 'what is up is closed')

  const stuck = createFakeRunningApp({ close: () => Promise.reject(new Error('no close')) })
  const code = runService({
    signals: io.signals,
    start: async () => stuck,
    onStarted: () => undefined,
  })
  io.kill('SIGTERM')
  await t.rejects(code, { message: 'no close' })
})

await t.test('listenForStop tells the first signal from the second', async (t) => {
  const io = createFakeIo()
  const stop = listenForStop(io.signals)
  t.equal(io.listenerCount(), 4)
  io.kill('SIGHUP')
  io.kill('SIGQUIT')
  io.kill('SIGINT')
  t.equal(await stop.first, 'SIGHUP')
  t.equal(await stop.second, 'SIGQUIT')
  stop.dispose()
  t.equal(io.listenerCount(), 0)
})
