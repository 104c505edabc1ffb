import t from 'tap'
import { changeUser, planUserRemoval } from '../../src/service/user-change.js'
import { createFakeClock } from '../helpers/fake-clock.js'
import { createMemoryAuditLog } from '../helpers/memory-audit-log.js'
import { createMemoryTransactionRunner } from '../helpers/memory-transaction-runner.js'
import { createMemoryUserRepository } from '../helpers/memory-user-repository.js'
import type { AuthChange } from '../../src/domain/auth-change.js'

const ACTOR = { actorId: 'root', address: '192.0.2.1' }
const ABSENT = { code: 'NOT_FOUND', reason: 'user_not_found' }

/** Takes the account away in a transaction of its own. */
async function removeUser(...args: Parameters<typeof planUserRemoval>): Promise<void> {
  return args[0].transactions.run(await planUserRemoval(...args))
}

function createHouse() {
  const announced: AuthChange[] = []
  const deps = {
    users: createMemoryUserRepository(),
    auditLog: createMemoryAuditLog(),
    transactions: createMemoryTransactionRunner(),
    clock: createFakeClock(),
    announced,
    announcer: { announce: async (change: AuthChange) => void announced.push(change) },
  }
  deps.users.add({ id: 'user-1', username: 'ada' })
  return deps
}

await t.test('a change and its events are one transaction', async (t) => {
  const deps = createHouse()
  const more = { type: 'password.changed', data: {} } as const
  await changeUser(deps, 'user-1', { gender: 'female' }, ACTOR, [more])
  t.match(deps.auditLog.events, [
    { type: 'user.profile_changed', ...ACTOR, userId: 'user-1', data: { fields: 'gender' } },
    { type: 'password.changed', at: deps.clock.now() },
  ])
  t.strictSame(deps.announced, [{ type: 'profile_changed', userId: 'user-1' }])
  t.ok(deps.auditLog.transactions.every((tx) => tx !== undefined))
  deps.auditLog.setDown(true)
  await t.rejects(changeUser(deps, 'user-1', { role: 'admin' }, ACTOR))
  t.strictSame(deps.transactions.outcomes, ['committed', 'rolled back'])
})

await t.test('what changes nothing writes nothing down', async (t) => {
  const deps = createHouse()
  await changeUser(deps, 'user-1', { gender: 'unknown', state: 'active' }, ACTOR)
  t.strictSame(deps.auditLog.events, [])
})

await t.test('a user who is not there, or goes meanwhile, is told so', async (t) => {
  const deps = createHouse()
  await t.rejects(changeUser(deps, 'nobody', {}, ACTOR), ABSENT)
  await t.rejects(removeUser(deps, 'nobody', ACTOR), ABSENT)
  const run = deps.transactions.run.bind(deps.transactions)
  const racing = {
    ...deps,
    transactions: {
      run: (work: Parameters<typeof run>[0]) => {
        deps.users.remove('user-1')
        return run(work)
      },
    } as typeof deps.transactions,
  }
  await t.rejects(changeUser(racing, 'user-1', { role: 'admin' }, ACTOR), ABSENT)
  deps.users.add({ id: 'user-1', username: 'ada' })
  await t.rejects(removeUser(racing, 'user-1', ACTOR), ABSENT)
  t.strictSame(deps.auditLog.events, [])
})
