import t from 'tap'
import { AppError } from '../../src/errors/app-error.js'
import { createStreamGate } from '../../src/grpc/stream-gate.js'

await t.test('stream gate counts by address, over all ports', async (t) => {
  const gate = createStreamGate({ streamsMax: 2 })
  const first = gate.enter('192.0.2.1:1')
  const second = gate.enter('192.0.2.1:2')
  t.match(gate.enter('192.0.2.1:3'), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'too_many_streams',
    message: 'A peer may have 2 streams open at once.',
  })
  t.type(gate.enter('2001:db8::1:3'), 'function')
  if (first instanceof AppError || second instanceof AppError) throw new Error('refused')
  first()
  first()
  t.type(gate.enter('192.0.2.1:4'), 'function', 'one place is free')
  t.match(gate.enter('192.0.2.1:5'), { reason: 'too_many_streams' }, 'and only one')
})
