import t from 'tap'
import { createAuditTrail } from '../../src/service/audit-trail.js'
import { createPasswordThrottle } from '../../src/service/password-throttle.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryAuditLog } from '../helpers/memory-audit-log.js'
import { createMemoryCounterStore } from '../helpers/memory-counter-store.js'
import { createMemoryLogger } from '../helpers/memory-logger.js'

const RULES = {
  windowSeconds: 60,
  accountFailuresMax: 3,
  clientFailuresMax: 2,
  addressFailuresMax: 5,
  registrationsMax: 2,
  knownClientSeconds: 600,
}
const ADA = { name: 'ada', clientId: 'laptop', address: '192.0.2.1' }
const THROTTLED = {
  code: 'RESOURCE_EXHAUSTED',
  reason: 'too_many_attempts',
  message: 'Too many attempts; wait before you try again.',
}

function createHouse() {
  const clock = createFakeClock()
  const auditLog = createMemoryAuditLog()
  const auditTrail = createAuditTrail({ auditLog, clock, logger: createMemoryLogger() })
  const counters = createMemoryCounterStore()
  const throttle = createPasswordThrottle({ counters, auditTrail, clock, rules: RULES })
  let checks = 0
  const wrong = async (): Promise<null> => {
    checks += 1
    return null
  }
  const fail = (attempt: typeof ADA) => throttle.guard(attempt, wrong)
  return { clock, auditLog, throttle, fail, wrong, checks: () => checks }
}

const from = (address: string, name = 'ada', clientId = 'stranger') => ({ name, clientId, address })

await t.test('an account bears so many failures in a window, from wherever', async (t) => {
  const { throttle, fail, clock, checks } = createHouse()
  for (const index of [1, 2, 3]) {
    clock.advance(1000)
    t.equal(await fail(from(`192.0.2.${index}`, 'ada', `c${index}`)), null)
  }
  await t.rejects(fail(from('192.0.2.4')), { ...THROTTLED, retryAfterSeconds: 58 })
  await t.rejects(
    throttle.guard(ADA, async () => 'right'),
    THROTTLED,
  )
  t.equal(checks(), 3, 'what is refused is not checked')
  t.equal(await throttle.guard({ ...ADA, name: 'bob' }, async () => 'right'), 'right')
  clock.advance(58_000)
  t.equal(await throttle.guard(ADA, async () => 'right'), 'right', 'a window ends')
})

await t.test('a success gives the budget of the name back, not that of the address', async (t) => {
  const { throttle, fail } = createHouse()
  for (let round = 0; round < 2; round += 1) {
    await fail(ADA)
    await fail(ADA)
    t.equal(await throttle.guard(ADA, async () => 'right'), 'right')
  }
  await fail(ADA)
  await t.rejects(
    throttle.guard(from('192.0.2.1', 'bob'), async () => 'right'),
    THROTTLED,
  )
})

await t.test('an address bears so many failures over all names; IPv6 by its /64', async (t) => {
  const { fail, throttle } = createHouse()
  for (let index = 1; index <= 5; index += 1) {
    await fail(from(`2001:db8:1:2::${index}`, `user-${index}`))
  }
  await t.rejects(fail(from('2001:db8:1:2:ffff::9', 'eve')), THROTTLED)
  t.equal(await fail(from('2001:db8:1:3::1', 'eve')), null)
  const reset = throttle.guardAddress('2001:db8:1:2::7', async () => 'right')
  await t.rejects(reset, THROTTLED)
})

await t.test('nobody locks out a browser that signed in before', async (t) => {
  const { throttle, fail } = createHouse()
  await throttle.remember(['ada', 'ada@example.com'], 'laptop')
  for (let index = 0; index < 3; index += 1) await fail(from('192.0.2.1'))
  for (let index = 0; index < 2; index += 1) await fail(from('192.0.2.1', `other-${index}`))
  await t.rejects(fail(from('192.0.2.1')), THROTTLED)
  t.equal(await throttle.guard(ADA, async () => 'right'), 'right')
  const mail = { ...ADA, name: 'ada@example.com' }
  t.equal(await throttle.guard(mail, async () => 'right'), 'right')
  await t.rejects(fail(from('192.0.2.1')), THROTTLED, 'its success gives nothing to strangers')
  await t.rejects(fail({ ...ADA, clientId: 'phone' }), THROTTLED, 'another browser is not known')
})

await t.test('a known browser has a budget of its own, for its own names', async (t) => {
  const { throttle, fail, clock } = createHouse()
  await throttle.remember(['ada'], 'laptop')
  await fail(ADA)
  await fail(ADA)
  await t.rejects(fail(ADA), THROTTLED)
  t.equal(await fail(from('192.0.2.1')), null, 'and spends no other')
  clock.advance(600_000)
  for (let index = 0; index < 3; index += 1) await fail(ADA)
  await t.rejects(fail(from('192.0.2.8')), THROTTLED, 'forgotten, it is a stranger')
})

await t.test('many guesses at once do not get past the budget', async (t) => {
  const { fail, checks } = createHouse()
  const results = await Promise.allSettled(
    Array.from({ length: 100 }, (_, index) => fail(from(`198.51.100.${index}`))),
  )
  // Those that run when the budget is spent were let in before.
  t.ok(checks() < 3 + 4, `${checks()} of 100 were checked`)
  for (const result of results) {
    if (result.status === 'rejected') t.match(result.reason, THROTTLED)
  }
})

await t.test('many right passwords at once all pass', async (t) => {
  const { throttle } = createHouse()
  const right = Array.from({ length: 100 }, () => throttle.guard(ADA, async () => 'right'))
  t.same(new Set(await Promise.all(right)), new Set(['right']))
})

await t.test('more than 200 in wait for one name are refused', async (t) => {
  const { throttle } = createHouse()
  let release: () => void = () => undefined
  const gate = new Promise<void>((resolve) => (release = resolve))
  const waiting = Array.from({ length: 204 }, () =>
    throttle.guard(ADA, async () => {
      await gate
      return 'right'
    }),
  )
  await t.rejects(
    throttle.guard(ADA, async () => 'right'),
    { ...THROTTLED, retryAfterSeconds: 1 },
  )
  release()
  t.equal((await Promise.all(waiting)).length, 204)
})

await t.test('a spent budget is written down once, without a name', async (t) => {
  const { fail, auditLog, clock } = createHouse()
  for (let index = 0; index < 3; index += 1) await fail(ADA)
  await t.rejects(fail(ADA), THROTTLED)
  t.strictSame(auditLog.events, [
    {
      type: 'login.throttled',
      at: clock.now(),
      actorId: null,
      userId: null,
      sessionId: null,
      address: '192.0.2.1',
      data: { scope: 'account' },
    },
  ])
})

await t.test('one address registers so many accounts in a window', async (t) => {
  const { throttle, clock } = createHouse()
  await throttle.countRegistration('192.0.2.1')
  await throttle.countRegistration('192.0.2.1')
  await t.rejects(throttle.countRegistration('192.0.2.1'), { ...THROTTLED, retryAfterSeconds: 60 })
  await throttle.countRegistration('192.0.2.2')
  clock.advance(60_000)
  await throttle.countRegistration('192.0.2.1')
})

await t.test('a check that fails is neither a failure nor a success', async (t) => {
  const { throttle, fail, checks } = createHouse()
  await fail(ADA)
  await t.rejects(
    throttle.guard(ADA, () => Promise.reject(new Error('busy'))),
    { message: 'busy' },
  )
  await fail(ADA)
  await fail(ADA)
  await t.rejects(fail(ADA), THROTTLED)
  t.equal(checks(), 3)
})
