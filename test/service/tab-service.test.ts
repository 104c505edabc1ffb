import t from 'tap'
import { createTabService } from '../../src/service/tab-service.js'
import { createTokenHouse, TAB_SECONDS } from '../helpers/token-house.js'

function createHouse() {
  const { issuer, verifier, clock, issueAccess } = createTokenHouse()
  const tabs = createTabService({
    ...{ tokenIssuer: issuer, tokenVerifier: verifier, clock, tabTokenSeconds: TAB_SECONDS },
  })
  return { tabs, clock, issueAccess }
}

await t.test('a request without a token is a new tab of its browser', async (t) => {
  const { tabs } = createHouse()
  const first = await tabs.resolve(null, ['laptop'])
  const second = await tabs.resolve(null, ['laptop'])
  t.match(first, { clientId: 'laptop', needsToken: true })
  t.not(first.id, second.id)
  t.equal(first.id, first.id, 'made once')
  t.match(first.id, /^[\w-]{22}$/)
})

await t.test('a token finds its tab again', async (t) => {
  const { tabs } = createHouse()
  const tab = await tabs.resolve(null, ['laptop'])
  const token = await tabs.issue(tab)
  const found = { id: tab.id, clientId: 'laptop', needsToken: false }
  t.strictSame(await tabs.resolve(token, ['laptop']), found)
  t.strictSame(await tabs.resolve(token, ['phone', 'laptop']), found)
})

await t.test('an expired token finds its tab and needs to be renewed', async (t) => {
  const { tabs, clock } = createHouse()
  const tab = await tabs.resolve(null, ['laptop'])
  const token = await tabs.issue(tab)
  clock.advance(TAB_SECONDS * 1000 + 10_000)
  const again = await tabs.resolve(token, ['laptop'])
  t.strictSame(again, { id: tab.id, clientId: 'laptop', needsToken: true })
  t.equal((await tabs.resolve(await tabs.issue(again), ['laptop'])).needsToken, false)
  await t.rejects(tabs.resolve(token, ['phone']), {
    code: 'PERMISSION_DENIED',
    reason: 'tab_foreign',
  })
})

await t.test('a token is no good in another browser, and a forged one nowhere', async (t) => {
  const { tabs, issueAccess } = createHouse()
  const token = await tabs.issue(await tabs.resolve(null, ['laptop']))
  await t.rejects(tabs.resolve(token, ['phone']), {
    code: 'PERMISSION_DENIED',
    reason: 'tab_foreign',
    message: 'This tab token belongs to another browser.',
  })
  await t.rejects(tabs.resolve(`${token.slice(0, -4)}AAAA`, ['laptop']), {
    code: 'UNAUTHENTICATED',
    reason: 'token_signature_invalid',
  })
  await t.rejects(tabs.resolve(await issueAccess(), ['laptop']), {
    code: 'UNAUTHENTICATED',
    reason: 'token_claims_invalid',
  })
  await t.rejects(tabs.resolve('tab', ['laptop']), {
    code: 'UNAUTHENTICATED',
    reason: 'token_malformed',
  })
})
