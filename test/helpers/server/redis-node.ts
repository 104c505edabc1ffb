import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { claimPort } from './free-port.js'
import { infoField, redisCommand } from './redis-command.js'
import { requireBinaries } from './service-binary.js'
import { type ServerNode, startServerNode } from './server-node.js'

const HOST = '127.0.0.1'

export interface RedisEndpoint {
  readonly host: string
  readonly port: number
  readonly url: string
}

export interface RedisNodeSpec {
  /** Gets a folder of the node's name. */
  readonly parent: string
  readonly name: string
  /** Lines of its configuration, beyond those every node has. */
  readonly lines: readonly string[]
  readonly isSentinel?: boolean
  /** A claimed port; a new one is claimed when absent. */
  readonly port?: number
}

export function redisEndpoint({ port }: { readonly port: number }): RedisEndpoint {
  return { host: HOST, port, url: `redis://${HOST}:${port}` }
}

/** The lines that decide what a killed server knows when it comes back. */
export function persistenceLines(appendonly: boolean): string[] {
  return appendonly ? ['appendonly yes', 'appendfsync always'] : ['appendonly no']
}

/**
 * Starts one redis-server. It has a configuration file, because a server that Sentinel reconfigures
 * writes its new role into it.
 */
export async function launchRedisNode(spec: RedisNodeSpec): Promise<ServerNode> {
  const { parent, name, lines, isSentinel = false } = spec
  const [command] = requireBinaries('redis')
  const folder = join(parent, name)
  await mkdir(folder)
  const port = spec.port ?? (await claimPort())
  const common = [`bind ${HOST}`, `port ${port}`, `dir ${folder}`, 'daemonize no']
  // No snapshots; a new replica is served at once instead of waiting for others to come.
  const server = ['save ""', 'repl-diskless-sync yes', 'repl-diskless-sync-delay 0']
  const file = join(folder, 'redis.conf')
  await writeFile(file, [...common, ...(isSentinel ? [] : server), ...lines, ''].join('\n'))
  return startServerNode({
    name,
    host: HOST,
    port,
    folder,
    command,
    args: [file, ...(isSentinel ? ['--sentinel'] : [])],
    async isReady(pid) {
      // A server that loads its data answers this with an error.
      if (!isSentinel) await redisCommand({ host: HOST, port }, 'PING')
      const info = await redisCommand({ host: HOST, port }, 'INFO', 'server')
      return infoField(info, 'process_id') === String(pid)
    },
  })
}
