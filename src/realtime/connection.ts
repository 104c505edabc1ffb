/** A live line to one peer, whatever its technology. The hub knows nothing more of it. */
export interface Connection {
  readonly id: string
  /**
   * Queues one text message. False when it was not accepted: the connection is closing, or its outgoing
   * queue is over its bound in bytes and it is being closed for that.
   */
  send(message: string): boolean
  /** Whether something it accepted still waits for the peer to read. */
  isBehind?(): boolean
  /** Closes with a code and a reason of at most 123 bytes (RFC 6455 §5.5.1). Safe to call twice. */
  close(code: number, reason: string): void
}
