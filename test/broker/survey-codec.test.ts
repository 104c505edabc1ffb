import t from 'tap'
import type { SurveyHandlers } from '../../src/domain/broker.js'
import {
  decodeAnswer,
  encodeAnswer,
  encodeRequest,
  handleEncoded,
  parseKind,
} from '../../src/broker/survey-codec.js'
import { stubSurveyHandlers } from '../helpers/stub-survey-handlers.js'

const HANDLERS: SurveyHandlers = {
  ...stubSurveyHandlers({
    receipt: ({ receiptId }) => ({
      processId: 'p',
      counts: receiptId === 'known' ? { written: 1, queued: 0, dropped: 0 } : null,
    }),
    emulate: ({ session }) => ({ processId: 'p', isHandled: session === 'known' }),
  }),
  sessions_ended: ({ sessions }) => ({ connectionsClosed: sessions.length }),
  push: ({ message }) => ({ delivered: message.length }),
  auth_changed: () => ({ told: 1 }),
  count_connections: ({ sessionIds }) => ({
    bySession: Object.fromEntries(sessionIds.map((id) => [id, 1])),
  }),
  users_changed: () => ({}),
  keys_burned: ({ keyIds }) => ({ dropped: keyIds.length }),
}
const ENDED = { id: 's', userId: 'u', reason: 'logged_out' } as const

await t.test('survey codec knows the kinds by name', async (t) => {
  t.equal(parseKind('push'), 'push')
  for (const name of ['', 'Push', 'toString', '__proto__', 'teleport']) {
    t.equal(parseKind(name), null, name)
  }
})

await t.test('survey codec carries every kind there and back', async (t) => {
  const ended = encodeRequest<'sessions_ended'>({ sessions: [ENDED, ENDED] })
  const closed = handleEncoded(HANDLERS, 'sessions_ended', ended)
  t.strictSame(decodeAnswer('sessions_ended', closed), { connectionsClosed: 2 })

  const push = encodeRequest<'push'>({ userId: 'u', event: 'e', message: 'hello' })
  t.strictSame(decodeAnswer('push', handleEncoded(HANDLERS, 'push', push)), { delivered: 5 })

  const count = encodeRequest<'count_connections'>({ sessionIds: ['a', 'b'] })
  const counted = handleEncoded(HANDLERS, 'count_connections', count)
  t.strictSame(decodeAnswer('count_connections', counted), { bySession: { a: 1, b: 1 } })

  for (const userIds of [['a', 'b'], [], null]) {
    const changed = encodeRequest<'users_changed'>({ userIds })
    const heard = handleEncoded(HANDLERS, 'users_changed', changed)
    t.strictSame(decodeAnswer('users_changed', heard), {})
  }
  const burned = encodeRequest<'keys_burned'>({ keyIds: ['a', 'b'] })
  const dropped = handleEncoded(HANDLERS, 'keys_burned', burned)
  t.strictSame(decodeAnswer('keys_burned', dropped), { dropped: 2 })
  const drop = handleEncoded(HANDLERS, 'drop', encodeRequest<'drop'>({ userId: 'u', event: 'e' }))
  t.strictSame(decodeAnswer('drop', drop), { connections: 0 })
  const orders = [
    { userId: 'u', action: 'subscribe', channel: 'a:b' },
    { userId: 'u', connectionId: 'c', action: 'unsubscribe', channel: 'a:b' },
    { userId: '', sessionId: 's', action: 'disconnect', code: 3503, reason: 'r' },
  ] as const
  for (const order of orders) {
    const obeyed = handleEncoded(HANDLERS, 'clients', encodeRequest<'clients'>(order))
    t.strictSame(decodeAnswer('clients', obeyed), { connections: 0 })
  }
  for (const receiptId of ['known', 'unknown']) {
    const request = encodeRequest<'receipt'>({ receiptId, channel: 'a:b' })
    t.match(decodeAnswer('receipt', handleEncoded(HANDLERS, 'receipt', request)), {
      processId: 'p',
      counts: receiptId === 'known' ? { written: 1 } : null,
    })
  }
  const info = handleEncoded(HANDLERS, 'process_info', encodeRequest<'process_info'>({}))
  t.match(decodeAnswer('process_info', info), { processId: 'process-1', connections: 0 })
  const emulate = encodeRequest<'emulate'>({ processId: 'p', session: 'known', data: '{}' })
  t.strictSame(decodeAnswer('emulate', handleEncoded(HANDLERS, 'emulate', emulate)), {
    processId: 'p',
    isHandled: true,
  })
})

await t.test('survey codec believes no request of another shape', async (t) => {
  const bad = {
    sessions_ended: ['{}', '{"sessions":1}', '{"sessions":[{"id":"a"}]}', 'null', '[]', '{'],
    push: ['{}', '{"userId":"u","event":1,"message":"m"}', '"text"'],
    count_connections: ['{}', '{"sessionIds":[1]}', ''],
    users_changed: ['{}', '{"userIds":[1]}', '{"userIds":"a"}', 'null'],
    drop: ['{}', '{"userId":"u","event":1}'],
    clients: [
      '1',
      '{"userId":"u","action":"feed"}',
      '{"userId":"u","action":"subscribe"}',
      '{"userId":"u","action":"disconnect","code":"x","reason":""}',
      '{"userId":"u","connectionId":1,"action":"subscribe","channel":"a:b"}',
      '{"userId":"u","sessionId":1,"action":"subscribe","channel":"a:b"}',
    ],
    receipt: ['{}', '{"receiptId":"r"}'],
    process_info: ['1', 'null'],
    emulate: ['{}', '{"processId":"p","session":"s"}'],
  } as const
  const alien = JSON.stringify({ sessions: [{ ...ENDED, reason: 'abducted' }] })
  t.throws(() => handleEncoded(HANDLERS, 'sessions_ended', alien), TypeError)
  for (const kind of Object.keys(bad) as (keyof typeof bad)[]) {
    for (const text of bad[kind]) {
      t.throws(() => handleEncoded(HANDLERS, kind, text), {
        message: `This is not a request of kind ${kind}.`,
      })
    }
  }
})

await t.test('survey codec believes no answer of another shape', async (t) => {
  t.equal(decodeAnswer('push', encodeAnswer<'push'>(null)), null)
  for (const text of ['{}', '{"delivered":-1}', '{"delivered":1.5}', '{"delivered":"1"}', 'x']) {
    t.equal(decodeAnswer('push', text), null, text)
  }
  t.equal(decodeAnswer('sessions_ended', '{"delivered":1}'), null)
  t.equal(decodeAnswer('users_changed', '[]'), null)
  for (const text of ['{"bySession":[]}', '{"bySession":null}', '{"bySession":{"a":"1"}}', '1']) {
    t.equal(decodeAnswer('count_connections', text), null, text)
  }
  t.equal(decodeAnswer('push', '{"delivered":1,"queued":"x"}'), null)
  t.equal(decodeAnswer('push', '{"delivered":1,"dropped":-1}'), null)
  t.equal(decodeAnswer('drop', '{}'), null)
  t.equal(decodeAnswer('clients', '{"connections":-1}'), null)
  t.equal(decodeAnswer('receipt', '{"processId":"p","counts":{"written":1}}'), null)
  t.equal(decodeAnswer('process_info', '{"processId":"p"}'), null)
  t.equal(decodeAnswer('emulate', '{"processId":"p"}'), null)
})
