import t from 'tap'
import type { AuthChange } from '../../src/domain/auth-change.js'
import { createAuthObservers } from '../../src/realtime/auth-observers.js'

const SIGNED_IN: AuthChange = {
  type: 'signed_in',
  clientId: 'laptop',
  tabId: null,
  userId: 'ada',
  sessionId: 's1',
}

await t.test('a sign-in reaches the browser and the user, and nobody else', async (t) => {
  const observers = createAuthObservers()
  const heard: string[] = []
  observers.watchClient('laptop', () => heard.push('laptop'))
  observers.watchClient('phone', () => heard.push('phone'))
  observers.watchUser('ada', () => heard.push('ada'))
  observers.watchUser('bob', () => heard.push('bob'))
  t.equal(observers.tell(SIGNED_IN), 2)
  t.strictSame(heard, ['laptop', 'ada'])
  t.equal(observers.tell({ type: 'profile_changed', userId: 'bob' }), 1)
  t.strictSame(heard, ['laptop', 'ada', 'bob'])
  t.equal(observers.tell({ type: 'sessions_changed', userId: 'nobody' }), 0)
})

await t.test('one listener that throws keeps it from nobody', async (t) => {
  const observers = createAuthObservers()
  const heard: number[] = []
  observers.watchUser('ada', () => {
    throw new Error('a dead tab')
  })
  observers.watchUser('ada', () => heard.push(2))
  t.equal(observers.tell(SIGNED_IN), 2)
  t.strictSame(heard, [2])
})

await t.test('a listener may leave, and send others away, while it is told', async (t) => {
  const observers = createAuthObservers()
  const heard: string[] = []
  const leaveOther = { now: (): void => {} }
  const leave = observers.watchUser('ada', () => {
    heard.push('first')
    leave()
    leaveOther.now()
  })
  leaveOther.now = observers.watchUser('ada', () => heard.push('second'))
  observers.tell(SIGNED_IN)
  t.strictSame(heard, ['first', 'second'], 'this change had been told already')
  observers.tell(SIGNED_IN)
  t.equal(heard.length, 2)
  t.equal(observers.count(), 0)
})

await t.test('the same listener twice is two; leaving twice is leaving once', async (t) => {
  const observers = createAuthObservers()
  let calls = 0
  const listener = (): void => void (calls += 1)
  const leave = observers.watchClient('laptop', listener)
  observers.watchClient('laptop', listener)
  t.equal(observers.count(), 2)
  leave()
  leave()
  t.equal(observers.count(), 1)
  observers.tell(SIGNED_IN)
  t.equal(calls, 1)
})

await t.test('10,000 comings and goings leave nothing', async (t) => {
  const observers = createAuthObservers()
  for (let i = 0; i < 10_000; i += 1) {
    const leaves = [
      observers.watchClient(`c${i % 7}`, () => {}),
      observers.watchUser(`u${i % 5}`, () => {}),
    ]
    for (const leave of leaves) leave()
  }
  t.equal(observers.count(), 0)
})
