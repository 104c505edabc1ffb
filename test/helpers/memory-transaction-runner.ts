import type { Transaction, TransactionRunner } from '../../src/domain/transaction.js'

/** Runs the work at once and the hooks after it; keeps how each transaction ended. */
export interface MemoryTransactionRunner extends TransactionRunner {
  readonly outcomes: ('committed' | 'rolled back')[]
}

export function createMemoryTransactionRunner(): MemoryTransactionRunner {
  const outcomes: ('committed' | 'rolled back')[] = []
  return {
    outcomes,
    async run<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
      const hooks: (() => void | Promise<void>)[] = []
      try {
        const result = await work({ afterCommit: (hook) => void hooks.push(hook) })
        outcomes.push('committed')
        for (const hook of hooks) await hook()
        return result
      } catch (error) {
        outcomes.push('rolled back')
        throw error
      }
    },
  }
}
