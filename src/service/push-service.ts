export const PUSH_FIELD_BYTES_MAX = 256
export const PUSH_MESSAGE_BYTES_MAX = 65_536

export interface PushResult {
  /** Connections that accepted the message, over all processes that answered. */
  readonly delivered: number
  readonly processes: { readonly asked: number; readonly answered: number }
}

export interface PushService {
  /**
   * Delivers `message` to every connection registered for this user and event, in every process.
   * Raises INVALID_ARGUMENT for an empty or oversize field.
   */
  push(input: { userId: string; event: string; message: string }): Promise<PushResult>
}
