/** What the broker needs of a SQLite store: one file that several processes have open. */
export interface BrokerStore {
  /** Runs synchronous `work` in one write transaction. Raises UNAVAILABLE when the store is busy or gone. */
  write<T>(work: (connection: BrokerConnection) => T): Promise<T>
  /** Runs synchronous `work` on what is committed now. */
  read<T>(work: (connection: BrokerConnection) => T): T
  /** Opens a connection of the broker's own; the broker closes it. */
  openWatch(): BrokerWatch
  /** Opens the file that is at the path now if it is not the one that was opened. True when it was not. */
  reopenIfReplaced(): Promise<boolean>
}

export interface BrokerWatch {
  /** A number that changes with each commit of another connection (`PRAGMA data_version`). */
  dataVersion(): number
  read<T>(work: (connection: BrokerConnection) => T): T
  close(): void
}

export interface BrokerConnection {
  prepare(sql: string): BrokerStatement
}

export type BrokerValue = string | number | bigint | Uint8Array | null
export type BrokerRow = Readonly<Record<string, BrokerValue>>

export interface BrokerStatement {
  get(...parameters: BrokerValue[]): BrokerRow | undefined
  all(...parameters: BrokerValue[]): BrokerRow[]
  run(...parameters: BrokerValue[]): { changes: number }
}
