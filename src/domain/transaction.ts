/**
 * An open database transaction. Repository methods that write take one as their first
 * parameter, so the compiler finds the write that escaped it.
 */
export interface Transaction {
  /** Runs `hook` once, after a successful commit; never after a rollback. */
  afterCommit(hook: () => void | Promise<void>): void
}

/**
 * The writing part of a use case, with everything slow done before: it awaits nothing but repository calls.
 * Several can run in one transaction, one after the other.
 */
export type Work<T> = (tx: Transaction) => Promise<T>

export interface TransactionRunner {
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects
   * (the rejection is passed on). `work` must await nothing but repository calls: the embedded
   * store has one writer. When another transaction was in its way it is rolled back and run again, so `work`
   * has no effect but through them and its hooks. Raises UNAVAILABLE when the store cannot be reached
   * (`store_unavailable`) or others stay in the way (`store_busy`).
   */
  run<T>(work: Work<T>): Promise<T>
}
