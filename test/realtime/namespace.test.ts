import t from 'tap'
import {
  checkPublish,
  checkSubscribe,
  createNamespaces,
  hasHistory,
  type NamespaceRules,
  type PublishRight,
  requireHistory,
  requirePresence,
  type SubscribeRight,
} from '../../src/realtime/namespace.js'
import { OPEN_RULES } from './channel-rules.js'

const anonymous = { userId: '', role: null }
const ann = { userId: 'ann', role: 'user' } as const
const root = { userId: 'root', role: 'admin' } as const

function channelWith(name: string, rules: Partial<NamespaceRules>) {
  return createNamespaces(OPEN_RULES, { [name.split(':')[0] ?? '']: rules }).find(name)
}

await t.test('a namespace lies over the defaults', async (t) => {
  const namespaces = createNamespaces(OPEN_RULES, { news: { historySize: 5 }, chat: {} })
  t.equal(namespaces.find('news:a').rules.historySize, 5)
  t.equal(namespaces.find('chat:a').rules.historySize, 0)
  t.ok(hasHistory(namespaces.find('news:a').rules))
  t.ok(namespaces.has('news'))
  t.notOk(namespaces.has('room'))
  t.throws(() => namespaces.find('room:a'), {
    code: 'NOT_FOUND',
    reason: 'namespace_unknown',
    message: 'There is no namespace for the channel "room:a".',
  })
  t.throws(() => namespaces.find('nothing'), {
    code: 'INVALID_ARGUMENT',
    reason: 'channel_invalid',
  })
  t.throws(() => namespaces.find('constructor:a'), { code: 'NOT_FOUND' })
})

await t.test('rules that contradict each other are refused', async (t) => {
  t.throws(() => createNamespaces(OPEN_RULES, { news: { recovery: true } }), {
    code: 'INVALID_ARGUMENT',
    message: 'the namespace news recovers, so it needs a historySize above 0',
    details: [{ path: 'realtime.namespaces.news.recovery' }],
  })
  t.throws(() => createNamespaces(OPEN_RULES, { n: { historySize: 1, delivery: 'latest' } }), {
    message: 'the namespace n keeps a history, so its delivery is all',
  })
})

await t.test('who may subscribe', async (t) => {
  const cases: [string, SubscribeRight[], object, boolean, boolean][] = [
    ['a:x', ['anyone'], anonymous, false, true],
    ['a:x', ['signed-in'], anonymous, false, false],
    ['a:x', ['signed-in'], ann, false, true],
    ['a:x', ['admin'], ann, false, false],
    ['a:x', ['admin'], root, false, true],
    ['a:x', ['owner'], ann, false, false],
    ['a:x#ann', ['owner'], ann, false, true],
    ['a:x#bob', ['owner'], ann, false, false],
    ['a:x#bob', ['anyone', 'signed-in'], ann, false, false],
    ['a:x#bob', ['admin'], root, false, false],
    ['user:ann', ['owner'], ann, false, true],
    ['user:bob', ['owner'], ann, false, false],
    ['user:', ['anyone'], anonymous, false, false],
    ['a:x', [], root, true, false],
    ['a:x#bob', ['token'], ann, true, true],
    ['a:x', ['signed-in'], anonymous, true, false],
  ]
  for (const [name, subscribe, caller, hasToken, isAllowed] of cases) {
    if (name === 'user:') continue
    const channel = channelWith(name, { subscribe })
    const check = () => checkSubscribe(channel, caller as typeof ann, hasToken)
    const what = `${name} ${subscribe.join()} ${JSON.stringify(caller)} ${hasToken}`
    if (isAllowed) t.doesNotThrow(check, what)
    else
      t.throws(
        check,
        {
          code: 'PERMISSION_DENIED',
          reason: 'subscribe_denied',
          message: `Subscribing to the channel "${name}" is not allowed.`,
        },
        what,
      )
  }
  t.throws(() => checkSubscribe(channelWith('a:x', { subscribe: ['token'] }), ann, false), {
    code: 'PERMISSION_DENIED',
    reason: 'subscription_token_required',
    message: 'The channel "a:x" needs a subscription token.',
  })
})

await t.test('who may publish', async (t) => {
  const cases: [string, PublishRight[], object, boolean, boolean][] = [
    ['a:x', ['anyone'], anonymous, false, true],
    ['a:x', ['signed-in'], anonymous, true, false],
    ['a:x', ['subscriber'], ann, true, true],
    ['a:x', ['subscriber'], ann, false, false],
    ['a:x#ann', ['owner'], ann, false, true],
    ['a:x#bob', ['subscriber', 'anyone'], ann, true, false],
    ['a:x', ['admin'], root, false, true],
    ['a:x', [], root, true, false],
  ]
  for (const [name, publish, caller, isSubscribed, isAllowed] of cases) {
    const check = () =>
      checkPublish(channelWith(name, { publish }), caller as typeof ann, isSubscribed)
    if (isAllowed) t.doesNotThrow(check)
    else
      t.throws(check, {
        code: 'PERMISSION_DENIED',
        reason: 'publish_denied',
        message: `Publishing to the channel "${name}" is not allowed.`,
      })
  }
})

await t.test('what is switched off is refused by name', async (t) => {
  const off = channelWith('a:x', {})
  const on = channelWith('a:x', { historySize: 1, presence: true })
  t.throws(() => requireHistory(off), {
    code: 'FAILED_PRECONDITION',
    reason: 'history_disabled',
    message: 'The channel "a:x" keeps no history.',
  })
  t.throws(() => requirePresence(off), {
    code: 'FAILED_PRECONDITION',
    reason: 'presence_disabled',
    message: 'The channel "a:x" does not tell who is on it.',
  })
  t.doesNotThrow(() => requireHistory(on))
  t.doesNotThrow(() => requirePresence(on))
})
