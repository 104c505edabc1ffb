import t from 'tap'
import { createProcessIo } from '../../src/cli/process-io.js'

await t.test('createProcessIo is this process', async (t) => {
  const io = createProcessIo()
  t.equal(io.stdin, process.stdin)
  t.equal(io.stdout, process.stdout)
  t.equal(io.stderr, process.stderr)
  t.equal(io.env, process.env)
  t.equal(io.cwd, process.cwd())
  t.equal(io.signals, process)
  const before = Date.now()
  t.ok(io.now() >= before && io.now() <= Date.now())
})

await t.test('createProcessIo lets a reader go away', async (t) => {
  const before = process.stdout.listenerCount('error')
  createProcessIo()
  t.equal(process.stdout.listenerCount('error'), before + 1)
  const listener = process.stdout.listeners('error').at(-1)
  t.equal(listener?.(new Error('EPIPE')), undefined)
})
