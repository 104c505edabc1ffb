import t from 'tap'
import { createTokenVault } from '../../src/auth/token-vault.js'
import { createOauthFlows } from '../../src/service/oauth-flow.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryOneTimeStore, type OneTimeEntry } from '../helpers/memory-one-time-store.js'

const BEGUN = {
  provider: 'github',
  clientId: 'laptop',
  redirectUri: 'https://app.test/auth/callback/github',
  returnTo: '/app',
  remember: true,
  link: null,
}
const HERE = { provider: 'github', clientId: 'laptop', browserId: 'browser-1' }
const INVALID = {
  code: 'INVALID_ARGUMENT',
  reason: 'oauth_state_invalid',
  message: 'This sign-in was not begun here, or too long ago, or is finished; start again.',
}

function createHouse() {
  const clock = createFakeClock()
  const entries = new Map<string, OneTimeEntry>()
  const oneTimeValues = createMemoryOneTimeStore(entries)
  const flows = createOauthFlows({ clock, oneTimeValues, tokenVault: createTokenVault() })
  return { clock, entries, flows }
}

await t.test('a flow comes back whole to the browser that began it', async (t) => {
  const { flows } = createHouse()
  const flow = await flows.open(BEGUN, 'browser-1')
  t.match(flow, {
    ...BEGUN,
    state: /^[\w-]{43}$/,
    nonce: /^[\w-]{43}$/,
    codeVerifier: /^[\w-]{43}$/,
  })
  t.equal(new Set([flow.state, flow.nonce, flow.codeVerifier]).size, 3)
  t.strictSame(await flows.take(flow.state, HERE), flow)
})

await t.test('a flow is good once, also for fifty at the same moment', async (t) => {
  const { flows } = createHouse()
  const { state } = await flows.open(BEGUN, 'browser-1')
  const takes = await Promise.allSettled(Array.from({ length: 50 }, () => flows.take(state, HERE)))
  t.equal(takes.filter(({ status }) => status === 'fulfilled').length, 1)
  await t.rejects(flows.take(state, HERE), INVALID)
})

await t.test('a flow is of no use to anybody else, and survives their trying', async (t) => {
  const { flows } = createHouse()
  const { state } = await flows.open(BEGUN, 'browser-1')
  for (const browserId of ['browser-2', '', null]) {
    await t.rejects(flows.take(state, { ...HERE, browserId }), INVALID, String(browserId))
  }
  for (const other of [null, '', 'x', state.slice(1), `${state}A`, `${state.slice(0, -1)}!`]) {
    await t.rejects(flows.take(other, HERE), INVALID, String(other))
  }
  t.match(await flows.take(state, HERE), BEGUN)
})

await t.test('a flow is of no use to another provider or client', async (t) => {
  const { flows } = createHouse()
  for (const from of [
    { ...HERE, provider: 'sso' },
    { ...HERE, clientId: 'phone' },
  ]) {
    const { state } = await flows.open(BEGUN, 'browser-1')
    await t.rejects(flows.take(state, from), INVALID)
    await t.rejects(flows.take(state, HERE), INVALID, 'and is used up')
  }
})

await t.test('a flow lives for ten minutes', async (t) => {
  const { flows, clock } = createHouse()
  const [first, second] = [
    await flows.open(BEGUN, 'browser-1'),
    await flows.open(BEGUN, 'browser-1'),
  ]
  clock.advance(599_999)
  t.match(await flows.take(first.state, HERE), BEGUN)
  clock.advance(1)
  await t.rejects(flows.take(second.state, HERE), INVALID)
})

await t.test('the store holds nothing that helps who reads it', async (t) => {
  const { flows, entries } = createHouse()
  const { state, nonce, codeVerifier } = await flows.open(BEGUN, 'browser-1')
  const text = JSON.stringify([...entries])
  for (const secret of [state, nonce, codeVerifier, 'browser-1', '/app'])
    t.notOk(text.includes(secret))
})
