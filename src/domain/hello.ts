/** The greeting service of the sibling process, as the HTTP bridge sees it. */
export interface HelloClient {
  /**
   * Asks the gRPC service for a greeting. `id` is an int32.
   * Raises the AppError that the gRPC status stands for: UNAVAILABLE when nobody listens, DEADLINE_EXCEEDED.
   */
  sayHello(id: number): Promise<{ readonly id: number; readonly name: string }>
}
