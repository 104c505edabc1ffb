import t from 'tap'
import type { SubscriptionClaims } from '../../../src/domain/subscription-token.js'
import { API_OPERATIONS, type ApiContext } from '../../../src/socket/api/api-operations.js'
import type { RealtimeService } from '../../../src/service/realtime-service.js'
import { createNamespaces } from '../../../src/realtime/namespace.js'
import { createFakeClock } from '../../helpers/fake-clock.js'
import { OPEN_RULES } from '../../realtime/channel-rules.js'

const processes = { asked: 2, answered: 1, missing: ['p2'] }
const info = { connectionId: 'c', userId: 'u', connectionInfo: null, channelInfo: '{"a":1}' }

function createContext() {
  const calls: unknown[][] = []
  const issued: SubscriptionClaims[] = []
  const note =
    <T>(name: string, answer: T) =>
    async (...args: unknown[]): Promise<T> => {
      calls.push([name, ...args])
      return answer
    }
  const position = { offset: 3, epoch: 'e' }
  const receipt = { processes, written: 1, queued: 0, dropped: 0 }
  const publications = [{ offset: 3, data: '[1]', info, tags: { k: 'v' } }]
  const node = { processId: 'p', connections: 1, users: 1, subscriptions: 2, channels: 2 }
  const realtime = {
    publish: note('publish', { position, duplicate: true, receipt }),
    broadcast: note('broadcast', [{ position: null, duplicate: false }, new Error('bug')]),
    subscribe: note('subscribe', { connections: 1, processes }),
    unsubscribe: note('unsubscribe', { connections: 2, processes }),
    disconnect: note('disconnect', { connections: 3, processes }),
    presence: note('presence', [info]),
    presenceStats: note('presenceStats', { connections: 4, users: 2 }),
    history: note('history', { publications, position }),
    removeHistory: note('removeHistory', undefined),
    info: note('info', { nodes: [{ ...node, uptimeSeconds: 9 }], missing: ['q'] }),
  } as unknown as RealtimeService
  const context: ApiContext = {
    realtime,
    namespaces: createNamespaces(OPEN_RULES, { a: {} }),
    subscriptionTokens: {
      issue: async (claims) => {
        issued.push(claims)
        return 'the-token'
      },
      verify: () => Promise.reject(new Error('not here')),
    },
    clock: createFakeClock(0),
    subscriptionTokenSeconds: 60,
  }
  const run = async (name: string, input: Record<string, unknown>): Promise<unknown> =>
    JSON.parse((await API_OPERATIONS[name]?.(context, input, textOf(input))) ?? 'null') as unknown
  return { calls, issued, run }
}

function textOf({ data }: Record<string, unknown>): string | undefined {
  return data === undefined ? undefined : JSON.stringify(data)
}

await t.test('members are translated and results written as Centrifugo does', async (t) => {
  const { calls, run } = createContext()
  const channel = 'a:b'
  t.strictSame(
    await run('publish', {
      ...{ channel, data: { x: 1 }, skip_history: true, tags: { k: 'v' } },
      ...{ idempotency_key: 'i', receipt: 'written' },
    }),
    {
      ...{ offset: 3, epoch: 'e', duplicate: true },
      receipt: { processes, written: 1, queued: 0, dropped: 0 },
    },
  )
  t.strictSame(await run('broadcast', { channels: ['a:b', 'a:c'], data: null }), {
    responses: [{ result: {} }, { error: { code: 100, message: 'internal server error' } }],
  })
  const target = { user: 'u', client: 'c', session: 's', channel }
  t.strictSame(await run('subscribe', target), { num_clients: 1, processes })
  t.strictSame(await run('unsubscribe', { user: 'u', channel }), { num_clients: 2, processes })
  const disconnect = { code: 3500, reason: 'r' }
  t.strictSame(await run('disconnect', { user: 'u', disconnect }), { num_clients: 3, processes })
  await run('disconnect', { user: 'u' })
  const shown = { user: 'u', client: 'c', chan_info: { a: 1 } }
  t.strictSame(await run('presence', { channel }), { presence: { c: shown } })
  t.strictSame(await run('presence_stats', { channel }), { num_clients: 4, num_users: 2 })
  const since = { offset: 1, epoch: 'e' }
  t.strictSame(await run('history', { channel, limit: 5, since, reverse: true }), {
    publications: [{ data: [1], offset: 3, info: shown, tags: { k: 'v' } }],
    epoch: 'e',
    offset: 3,
  })
  t.strictSame(await run('history_remove', { channel }), {})
  t.match(await run('info', {}), {
    nodes: [{ uid: 'p', num_clients: 1, num_subs: 2, num_channels: 2, uptime: 9 }],
    missing: ['q'],
  })
  const data = '{"x":1}'
  t.strictSame(calls.slice(0, 7), [
    [
      'publish',
      {
        ...{ channel, data, skipHistory: true, receipt: 'written' },
        ...{ idempotencyKey: 'i', tags: { k: 'v' } },
      },
    ],
    ['broadcast', { channels: ['a:b', 'a:c'], data: 'null', skipHistory: false, receipt: 'none' }],
    ['subscribe', { userId: 'u', connectionId: 'c', sessionId: 's' }, channel],
    ['unsubscribe', { userId: 'u' }, channel],
    ['disconnect', { userId: 'u' }, disconnect],
    ['disconnect', { userId: 'u' }, undefined],
    ['presence', channel],
  ])
})

await t.test('a subscription token is for one channel and user, and a limited time', async (t) => {
  const { issued, run } = createContext()
  const input = { channel: 'a:b', user: 'u' }
  t.strictSame(await run('subscription_token', input), { token: 'the-token', expires_in: 60 })
  await run('subscription_token', { ...input, session: 's', info: { n: 1 }, expire_in: 10 })
  t.strictSame(issued, [
    { userId: 'u', sessionId: null, channel: 'a:b', info: null, expiresAt: 60_000 },
    { userId: 'u', sessionId: 's', channel: 'a:b', info: '{"n":1}', expiresAt: 10_000 },
  ])
})

await t.test('wrong members are refused by name', async (t) => {
  const { run } = createContext()
  const cases: [string, Record<string, unknown>, string][] = [
    ['publish', { data: 1 }, 'channel'],
    ['publish', { channel: 'a:b' }, 'data'],
    ['publish', { channel: 'a:b', data: 1, tags: [] }, 'tags'],
    ['publish', { channel: 'a:b', data: 1, tags: { k: 1 } }, 'tags'],
    ['publish', { channel: 'a:b', data: 1, receipt: 'all' }, 'receipt'],
    ['broadcast', { channels: 'a:b', data: 1 }, 'channels'],
    ['disconnect', { user: 'u', disconnect: 1 }, 'disconnect'],
    ['history', { channel: 'a:b', limit: 'x' }, 'limit'],
    ['subscription_token', { channel: 'a:b' }, 'user'],
    ['subscription_token', { channel: 'a:b', user: 'u', expire_in: 61 }, 'expire_in'],
    ['subscription_token', { channel: 'a:b', user: 'u', info: 'x'.repeat(1_024) }, 'info'],
  ]
  for (const [name, input, path] of cases) {
    await t.rejects(run(name, input), { code: 'INVALID_ARGUMENT', details: [{ path }] }, name)
  }
  await t.rejects(run('subscription_token', { channel: 'z:b', user: 'u' }), { code: 'NOT_FOUND' })
})
