import { AppError } from '../errors/app-error.js'
import type { Clock } from '../domain/clock.js'
import type { CounterState, CounterStore } from '../domain/counter.js'
import { networkOf } from '../util/address-list.js'
import { createKeyedGate } from '../util/keyed-gate.js'
import type { AuditTrail } from './audit-trail.js'

/** Checks of one name that run at once in this process, and how many may wait for them. */
const CHECKS_PER_NAME = 4
const CHECKS_WAITING_MAX = 200

/** How many wrong passwords are borne within one window. */
export interface ThrottleRules {
  readonly windowSeconds: number
  /** For one name, from all browsers that have not signed in with it before. */
  readonly accountFailuresMax: number
  /** For one name, from one browser that has signed in with it before. */
  readonly clientFailuresMax: number
  /** From one address (IPv6: one /64), over all names. */
  readonly addressFailuresMax: number
  /** Accounts that one address may ask for. */
  readonly registrationsMax: number
  /** How long a browser that signed in is known. */
  readonly knownClientSeconds: number
}

/** Who tries what from where. */
export interface PasswordAttempt {
  /** Canonical username or e-mail address, whether or not there is such an account. */
  readonly name: string
  readonly clientId: string
  readonly address: string
}

/**
 * Limits guessing. A browser that has signed in with a name before has a budget of its own and no other, so
 * whoever spends the budget of the account or of the address does not lock it out. Counted by the name that was
 * given, so an account that does not exist is throttled like one that does. Every method raises UNAVAILABLE when
 * the counters cannot be reached.
 */
export interface PasswordThrottle {
  /**
   * Runs `check` within the budgets: null from it is a failure and is counted, anything else gives the budget of
   * the name back. Raises RESOURCE_EXHAUSTED (`too_many_attempts`) with the time to wait, without running `check`.
   */
  guard<T>(attempt: PasswordAttempt, check: () => Promise<T | null>): Promise<T | null>
  /** As `guard`, for a secret that belongs to no name: only the address counts. */
  guardAddress<T>(address: string, check: () => Promise<T | null>): Promise<T | null>
  /** From now on the browser is known under these names. */
  remember(names: readonly string[], clientId: string): Promise<void>
  /** Counts a wish for an account. Raises RESOURCE_EXHAUSTED (`too_many_attempts`). */
  countRegistration(address: string): Promise<void>
}

export interface PasswordThrottleDeps {
  readonly counters: CounterStore
  readonly auditTrail: AuditTrail
  readonly clock: Clock
  readonly rules: ThrottleRules
}

type Scope = 'account' | 'client' | 'address'

interface Budget {
  readonly scope: Scope
  readonly key: string
  readonly failuresMax: number
}

export function createPasswordThrottle(deps: PasswordThrottleDeps): PasswordThrottle {
  const { counters, clock, rules } = deps
  const windowMs = rules.windowSeconds * 1000
  // Looked at before the check and counted after it, so what runs at once would overshoot without a limit.
  const gate = createKeyedGate({
    concurrency: CHECKS_PER_NAME,
    waitingMax: CHECKS_WAITING_MAX,
    refuse: () => tooManyAttempts(1),
  })
  const look = (key: string): Promise<CounterState> => counters.add(key, 0, windowMs, clock.now())

  async function isKnown({ name, clientId }: PasswordAttempt): Promise<boolean> {
    return (await look(knownKey(name, clientId))).count > 0
  }

  async function refuseSpent(budgets: readonly Budget[]): Promise<void> {
    const states = await Promise.all(budgets.map(({ key }) => look(key)))
    const spent = states.filter(({ count }, index) => count >= (budgets[index]?.failuresMax ?? 0))
    if (spent.length === 0) return
    const until = Math.max(...spent.map(({ resetsAt }) => resetsAt))
    throw tooManyAttempts(Math.max(1, Math.ceil((until - clock.now()) / 1000)))
  }

  async function countFailure(budgets: readonly Budget[], address: string): Promise<void> {
    for (const { scope, key, failuresMax } of budgets) {
      const { count } = await counters.add(key, 1, windowMs, clock.now())
      // Told once, when the budget is spent: a row for each attempt would be an attack of its own.
      if (count === failuresMax) await recordSpent(deps, scope, address)
    }
  }

  async function within<T>(
    budgets: readonly Budget[],
    address: string,
    check: () => Promise<T | null>,
  ): Promise<T | null> {
    await refuseSpent(budgets)
    const result = await check()
    if (result === null) {
      await countFailure(budgets, address)
    } else {
      // Only the budget of the name: an account of one's own must not pay for guesses at others.
      const own = budgets.filter(({ scope }) => scope !== 'address')
      await Promise.all(own.map(({ key }) => counters.clear(key)))
    }
    return result
  }

  return {
    guard: (attempt, check) =>
      gate.run(attempt.name, async () => {
        const known = await isKnown(attempt)
        const budgets = known ? [clientBudget(rules, attempt)] : strangerBudgets(rules, attempt)
        return within(budgets, attempt.address, check)
      }),
    guardAddress: (address, check) => within([addressBudget(rules, address)], address, check),
    async remember(names, clientId) {
      const now = clock.now()
      const lifetimeMs = rules.knownClientSeconds * 1000
      await Promise.all(
        names.map((name) => counters.add(knownKey(name, clientId), 1, lifetimeMs, now)),
      )
    },
    async countRegistration(address) {
      const key = `throttle:register:${networkOf(address)}`
      const { count, resetsAt } = await counters.add(key, 1, windowMs, clock.now())
      if (count <= rules.registrationsMax) return
      throw tooManyAttempts(Math.max(1, Math.ceil((resetsAt - clock.now()) / 1000)))
    },
  }
}

function clientBudget(rules: ThrottleRules, { name, clientId }: PasswordAttempt): Budget {
  const key = `throttle:client:${clientId}:${name}`
  return { scope: 'client', key, failuresMax: rules.clientFailuresMax }
}

function strangerBudgets(rules: ThrottleRules, { name, address }: PasswordAttempt): Budget[] {
  const key = `throttle:account:${name}`
  return [
    { scope: 'account', key, failuresMax: rules.accountFailuresMax },
    addressBudget(rules, address),
  ]
}

function addressBudget(rules: ThrottleRules, address: string): Budget {
  const key = `throttle:address:${networkOf(address)}`
  return { scope: 'address', key, failuresMax: rules.addressFailuresMax }
}

function knownKey(name: string, clientId: string): string {
  return `throttle:known:${clientId}:${name}`
}

/** Without the name, which may be a password typed into the wrong field. */
function recordSpent(
  { auditTrail }: PasswordThrottleDeps,
  scope: Scope,
  address: string,
): Promise<void> {
  return auditTrail.record({
    type: 'login.throttled',
    actorId: null,
    userId: null,
    sessionId: null,
    address,
    data: { scope },
  })
}

function tooManyAttempts(retryAfterSeconds: number): AppError {
  return new AppError(
    'RESOURCE_EXHAUSTED',
    'too_many_attempts',
    'Too many attempts; wait before you try again.',
    { retryAfterSeconds },
  )
}
