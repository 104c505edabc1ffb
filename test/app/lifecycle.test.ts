import t from 'tap'
import { createLifecycle } from '../../src/app/lifecycle.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

await t.test('lifecycle closes what was opened, last first, once', async (t) => {
  const order: string[] = []
  const lifecycle = createLifecycle({ logger: createMemoryLogger(), deadlineMs: 1000 })
  lifecycle.onClose('pool', () => void order.push('pool'))
  lifecycle.onClose('server', async () => {
    await Promise.resolve()
    order.push('server')
  })
  await Promise.all([lifecycle.close(), lifecycle.close()])
  t.same(order, ['server', 'pool'])
})

await t.test('lifecycle tries every step and names the failing ones', async (t) => {
  const logger = createMemoryLogger()
  const lifecycle = createLifecycle({ logger, deadlineMs: 1000 })
  let isPoolClosed = false
  lifecycle.onClose('pool', () => {
    isPoolClosed = true
  })
  lifecycle.onClose('server', () => {
    throw new Error('stuck')
  })
  await t.rejects(lifecycle.close(), {
    code: 'INTERNAL',
    reason: 'close_failed',
    message: 'Could not close: server.',
  })
  t.equal(isPoolClosed, true)
  t.match(logger.lines, [{ level: 'error', fields: { step: 'server' }, message: 'closing failed' }])
})

await t.test('lifecycle gives up a step at the deadline and still starts the next', async (t) => {
  const lifecycle = createLifecycle({ logger: createMemoryLogger(), deadlineMs: 20 })
  let isPoolClosed = false
  lifecycle.onClose('pool', () => {
    isPoolClosed = true
  })
  lifecycle.onClose('server', () => new Promise<void>(() => undefined))
  await t.rejects(lifecycle.close(), { reason: 'close_failed', message: /server/ })
  t.equal(isPoolClosed, true)
})
