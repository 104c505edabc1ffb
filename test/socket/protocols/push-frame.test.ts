import t from 'tap'
import { parsePushFrame, PUSH_FRAME_BYTES_MAX } from '../../../src/socket/protocols/push-frame.js'

const parse = (value: unknown) =>
  parsePushFrame(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))

await t.test('a registration is read with any case of its member names', async (t) => {
  const frame = { kind: 'register', token: 't', event: 'e', ack: false }
  t.same(parse({ token: 't', event: 'e' }), frame)
  t.same(parse({ Token: 't', Event: 'e', other: [] }), frame)
  t.same(parse({ TOKEN: 't', EVENT: 'e', Ack: true }), { ...frame, ack: true })
  t.same(parse({ token: 't', event: 'e', ack: null, unregister: false }), frame)
})

await t.test('an unregistration needs no token', async (t) => {
  t.same(parse({ event: 'e', Unregister: true }), { kind: 'unregister', event: 'e', ack: false })
})

await t.test('whatever else is malformed', async (t) => {
  const frames = [
    '',
    '{',
    'null',
    '[]',
    '"x"',
    {},
    { token: 't' },
    { event: 'e' },
    { token: '', event: 'e' },
    { token: 1, event: 'e' },
    { token: 't', event: '' },
    { token: 't', event: 7 },
    { token: 't', event: 'é'.repeat(129) },
    { token: 't', event: 'e', ack: 'yes' },
    { token: 't', event: 'e', unregister: 1 },
  ]
  for (const frame of frames) {
    t.throws(() => parse(frame), { code: 'INVALID_ARGUMENT', reason: 'frame_malformed' })
  }
})

await t.test('a frame has a maximum size', async (t) => {
  const empty = JSON.stringify({ token: '', event: 'e' }).length
  const token = 'x'.repeat(PUSH_FRAME_BYTES_MAX - empty)
  t.match(parse({ token, event: 'e' }), { kind: 'register' })
  t.throws(() => parse({ token: `${token}x`, event: 'e' }), {
    code: 'RESOURCE_EXHAUSTED',
    reason: 'too_large',
  })
})
