import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

export type Service = 'mariadb' | 'redis'

/** Path of each server's binary, or null when the service cannot be started here. */
export type Services = Readonly<Record<Service, string | null>>

export interface Surroundings {
  readonly env: NodeJS.ProcessEnv
  readonly platform: NodeJS.Platform
  /** Searched after PATH: Debian keeps servers in folders that are not on the PATH of everybody. */
  readonly systemFolders: readonly string[]
}

/** What each service needs: one binary of every row, the first one being the server itself. */
const NEEDED: Readonly<Record<Service, readonly (readonly [string, ...string[]])[]>> = {
  mariadb: [
    ['mariadbd', 'mysqld'],
    ['mariadb-install-db', 'mysql_install_db'],
  ],
  redis: [['redis-server']],
}

const HERE: Surroundings = {
  env: process.env,
  platform: process.platform,
  systemFolders: ['/usr/sbin', '/usr/local/sbin'],
}

/** Looks for the servers on PATH and in the system's folders for servers. */
export function findServices(surroundings: Surroundings = HERE): Services {
  return {
    mariadb: pathsOf('mariadb', surroundings).paths[0] ?? null,
    redis: pathsOf('redis', surroundings).paths[0] ?? null,
  }
}

/**
 * The `skip` option of a tap test: false when every service can be started, else the reason.
 * With REQUIRE_SERVICES=1 it is always false, so that the test runs and fails with that reason.
 */
export function skipUnless(
  services: Service | readonly Service[],
  surroundings: Surroundings = HERE,
): string | false {
  if (surroundings.env['REQUIRE_SERVICES'] === '1') return false
  for (const service of [services].flat()) {
    const { missing } = pathsOf(service, surroundings)
    if (missing !== null) return missing
  }
  return false
}

/** The binaries of a service in the order of what it needs; throws with what is missing. */
export function requireBinaries(
  service: Service,
  surroundings: Surroundings = HERE,
): readonly [string, ...string[]] {
  const { paths, missing } = pathsOf(service, surroundings)
  const [server, ...tools] = paths
  if (missing !== null || server === undefined) throw new Error(missing ?? service)
  return [server, ...tools]
}

/** Either every path the service needs, or no path and what is missing. */
function pathsOf(
  service: Service,
  { env, platform, systemFolders }: Surroundings,
): { paths: string[]; missing: string | null } {
  // Cleaning up after a crash finds processes by their working folder, which needs /proc.
  if (platform !== 'linux') {
    return { paths: [], missing: `throwaway ${service} servers need Linux, this is ${platform}` }
  }
  const folders = [...(env['PATH'] ?? '').split(delimiter).filter(Boolean), ...systemFolders]
  const paths: string[] = []
  for (const [name, ...others] of NEEDED[service]) {
    const path = [name, ...others]
      .flatMap((file) => folders.map((folder) => join(folder, file)))
      .find(isExecutable)
    if (path === undefined) {
      const alternative = others.map((other) => ` or ${other}`).join('')
      return { paths: [], missing: `${name}${alternative} is not on PATH` }
    }
    paths.push(path)
  }
  return { paths, missing: null }
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
