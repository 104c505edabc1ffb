/** The environments with an overlay in `configs/`. */
export const ENVIRONMENTS = ['debug', 'dev', 'test', 'prod'] as const
export type Environment = (typeof ENVIRONMENTS)[number]

export const DEFAULT_ENVIRONMENT: Environment = 'debug'

/** The environment of that name; null when there is none. */
export function findEnvironment(name: string): Environment | null {
  return ENVIRONMENTS.find((known) => known === name) ?? null
}
