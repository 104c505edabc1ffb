/** Whether this process should get traffic. */
export interface Readiness {
  /** True between a finished start and the beginning of shutdown. */
  isReady(): boolean
  /**
   * Asks every part that can fail (the stores) once; never rejects. A part that does not answer within
   * its deadline is reported as failing.
   */
  check(): Promise<{ ready: boolean; parts: Readonly<Record<string, 'ok' | 'failing'>> }>
}
