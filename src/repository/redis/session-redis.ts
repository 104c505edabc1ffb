/**
 * One unbroken stretch of a connection: while it is trusted, what was read within it may be used without
 * asking again, unless its key has been invalidated. Lost trust does not come back.
 */
export interface ReadTrust {
  readonly isTrusted: boolean
}

/**
 * What the session store needs of Redis. Every method raises UNAVAILABLE in time when the server cannot be
 * asked, and the server's own error reply otherwise.
 */
export interface SessionRedis {
  /** One command to the master of `key`. */
  send(key: string, args: readonly string[]): Promise<unknown>
  /** As `send`; with the trust in which the reply may be kept, or null when it may not. */
  read(
    key: string,
    args: readonly string[],
  ): Promise<{ readonly reply: unknown; readonly trust: ReadTrust | null }>
  /** Runs a Lua script whose keys are all in the slot of the first one. */
  run(
    script: string,
    keys: readonly [string, ...string[]],
    args: readonly string[],
  ): Promise<unknown>
  /**
   * Called with each key that changed after it was read, before any later reply of the same connection is
   * used; null means all keys.
   */
  onInvalidate(listener: (key: string | null) => void): void
  /** Called with each fresh connection, before any waiting command is sent on it. */
  onUp(listener: () => void): void
}
