import type { TransactionRunner } from '../../../src/domain/transaction.js'
import type { UserRepository } from '../../../src/domain/user.js'
import { toAppError } from '../../../src/errors/app-error.js'
import type { SqlStore } from '../../../src/repository/sql-store.js'
import { createTransactionRunner } from '../../../src/repository/transaction-runner.js'
import { createUserRepository } from '../../../src/repository/user-repository.js'
import { sampleUser } from '../../contract/user-repository-contract.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { uniqueName } from '../../helpers/server/unique-name.js'

const WORKERS = 4
/** How much later than its deadline a request may end on a machine that is busy with something else. */
const SLACK_MS = 3_000

/** What became of the requests of one kind. */
export interface Tally {
  ok: number
  failed: number
  /** `CODE reason` of what failed, each once. */
  readonly errors: Set<string>
  /** When the last failure was, on the clock of `performance.now()`. */
  lastFailureAt: number
  /** When the last success was. */
  lastSuccessAt: number
}

export interface SteadyLoad {
  /** Ids of the users whose creation was acknowledged. */
  readonly acknowledged: readonly string[]
  readonly writes: Readonly<Tally>
  /** Reads of a user that was written before the load began. */
  readonly reads: Readonly<Tally>
  /** Reads of what the same worker wrote just before, that did not see it. */
  readonly stale: readonly string[]
  /** Requests that did not end within their deadline. */
  readonly hanging: () => number
  /** Ends the load; resolves when every request has ended. */
  readonly stop: () => Promise<void>
}

/** Writes and reads without a pause until it is stopped. */
export async function startSteadyLoad(store: SqlStore, deadlineMs: number): Promise<SteadyLoad> {
  const users = createUserRepository(store)
  const transactions = createTransactionRunner(store, createMemoryLogger())
  const old = sampleUser(uniqueName('old'))
  await transactions.run((tx) => users.create(tx, old))

  const acknowledged: string[] = []
  const stale: string[] = []
  const writes = emptyTally()
  const reads = emptyTally()
  let hanging = 0
  let isStopped = false

  async function timed<T>(tally: Tally, work: () => Promise<T>): Promise<T | null> {
    const timer = setTimeout(() => (hanging += 1), deadlineMs + SLACK_MS)
    try {
      const result = await work()
      tally.ok += 1
      tally.lastSuccessAt = performance.now()
      return result
    } catch (error) {
      const { code, reason } = toAppError(error)
      tally.failed += 1
      tally.errors.add(`${code} ${reason}`)
      tally.lastFailureAt = performance.now()
      return null
    } finally {
      clearTimeout(timer)
    }
  }

  async function work(parts: { users: UserRepository; transactions: TransactionRunner }) {
    for (let index = 0; !isStopped; index += 1) {
      await timed(reads, () => parts.users.findById(old.id))
      const user = sampleUser(uniqueName('new'))
      const created = await timed(writes, () =>
        parts.transactions.run((tx) => parts.users.create(tx, user)),
      )
      if (created === null) {
        // As a caller does who was told to come back later.
        await new Promise((resolve) => setTimeout(resolve, 5))
        continue
      }
      acknowledged.push(user.id)
      const read = await timed(emptyTally(), async () => ({
        found: await parts.users.findById(user.id),
      }))
      if (read !== null && read.found === null) stale.push(user.id)
    }
  }

  const workers = Array.from({ length: WORKERS }, () => work({ users, transactions }))
  return {
    ...{ acknowledged, stale, writes, reads },
    hanging: () => hanging,
    async stop() {
      isStopped = true
      await Promise.all(workers)
    },
  }
}

/** Ids of `expected` that the store does not have. */
export async function missingUsers(
  store: SqlStore,
  expected: readonly string[],
): Promise<readonly string[]> {
  const rows = await store.latest.selectFrom('users').select('id').execute()
  const present = new Set(rows.map(({ id }) => id))
  return expected.filter((id) => !present.has(id))
}

function emptyTally(): Tally {
  return { ok: 0, failed: 0, errors: new Set(), lastFailureAt: 0, lastSuccessAt: 0 }
}
