import type { Starter } from './keeper.js'
import type { MariaDbTemplate } from './mariadb-template.js'

/**
 * What a run can share. The modules are loaded when asked for: most runs of a single file need none, and
 * the keeper must be up at once.
 */
export const STARTERS: Readonly<Record<string, Starter>> = {
  'mariadb-template': async ({ folder }) => {
    const { createMariaDbTemplate } = await import('./mariadb-template.js')
    return createMariaDbTemplate(folder)
  },
  mariadb: async ({ folder, shared }) => {
    const { launchMariaDb } = await import('./mariadb-launch.js')
    const template = (await shared('mariadb-template')) as MariaDbTemplate
    return (await launchMariaDb({ folder, template })).endpoint
  },
  'mariadb-pair': async ({ folder, shared }) => {
    const { launchMariaDbPair } = await import('./mariadb-launch.js')
    const template = (await shared('mariadb-template')) as MariaDbTemplate
    return (await launchMariaDbPair({ folder, template, replicas: 1 })).endpoint
  },
  redis: async ({ folder }) => {
    const { launchRedis } = await import('./redis-launch.js')
    return (await launchRedis({ folder, appendonly: false })).endpoint
  },
  'redis-cluster': async ({ folder }) => {
    const { launchRedisCluster } = await import('./redis-launch.js')
    return (await launchRedisCluster({ folder, appendonly: false, masters: 3 })).endpoint
  },
  'redis-sentinel': async ({ folder }) => {
    const { launchRedisSentinel } = await import('./redis-sentinel-launch.js')
    return (await launchRedisSentinel({ folder, appendonly: false })).endpoint
  },
}
