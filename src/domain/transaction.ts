/**
 * An open database transaction. Repository methods that write take one as their first
 * parameter, so the compiler finds the write that escaped it.
 */
export interface Transaction {
  /** Runs `hook` once, after a successful commit; never after a rollback. */
  afterCommit(hook: () => void | Promise<void>): void
}

export interface TransactionRunner {
  /**
   * Runs `work` in one transaction: committed when it resolves, rolled back when it rejects
   * (the rejection is passed on). `work` must await nothing but repository calls: the embedded
   * store has one writer. When another transaction was in its way it is rolled back and run once more, so
   * `work` has no effect but through them and its hooks. Raises UNAVAILABLE when the store cannot be reached or stays locked.
   */
  run<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
}
