import { currentKeeper } from './keeper-client.js'
import { launchPrivate, type TeardownHost } from './private-server.js'
import { isClusterWhole, launchRedis, launchRedisCluster } from './redis-launch.js'
import { redisCommand, type RedisReply } from './redis-command.js'
import type { RedisEndpoint } from './redis-node.js'
import {
  launchRedisSentinel,
  masterPortOf,
  type RedisSentinelEndpoint,
} from './redis-sentinel-launch.js'
import { requireBinaries } from './service-binary.js'
import type { ServerNode } from './server-node.js'

/** A server that answers, shared or not. */
export interface RedisClient extends RedisEndpoint {
  /** Runs one command on a connection of its own; fails after 5 s without an answer. */
  readonly command: (...args: readonly string[]) => Promise<RedisReply>
}

export type RedisNode = ServerNode & RedisClient

export interface Redis extends RedisNode {
  /** Ends the server and removes its folder. */
  readonly close: () => Promise<void>
}

export interface RedisClusterClient<Node extends RedisClient = RedisClient> {
  readonly nodes: readonly Node[]
  /** True when every node answers and sees all slots served. */
  readonly isWhole: () => Promise<boolean>
}

export interface RedisCluster extends RedisClusterClient<RedisNode> {
  /** Ends the servers and removes their folders. */
  readonly close: () => Promise<void>
}

export interface RedisSentinelClient<Node extends RedisClient = RedisClient> {
  /** The name under which the sentinels watch the master. */
  readonly name: string
  readonly sentinels: readonly Node[]
  /** The first master, then its replica; a failover changes their roles, not their order. */
  readonly servers: readonly Node[]
  /** The port of the server the sentinels take for the master now; null while they disagree. */
  readonly masterPort: () => Promise<number | null>
}

export interface RedisSentinel extends RedisSentinelClient<RedisNode> {
  /** Ends the servers and removes their folders. */
  readonly close: () => Promise<void>
}

export interface RedisOptions {
  /**
   * True: what was acknowledged survives SIGKILL (`appendfsync always`). False, the default: a server
   * comes back empty.
   */
  readonly appendonly?: boolean
  /** Further lines of the configuration, such as those of TLS. */
  readonly lines?: readonly string[]
}

/** The Redis all files of this run share: use a key prefix of your own, never flush it. */
export async function sharedRedis(): Promise<RedisClient> {
  return redisClient((await shared('redis')) as RedisEndpoint)
}

/** The Cluster of three masters all files of this run share. */
export async function sharedRedisCluster(): Promise<RedisClusterClient> {
  const endpoints = (await shared('redis-cluster')) as readonly RedisEndpoint[]
  return clusterClient(endpoints.map(redisClient))
}

/** The master, replica and three sentinels all files of this run share: nobody may end a node. */
export async function sharedRedisSentinel(): Promise<RedisSentinelClient> {
  const { name, sentinels, servers } = (await shared('redis-sentinel')) as RedisSentinelEndpoint
  return sentinelClient(name, sentinels.map(redisClient), servers.map(redisClient))
}

/** A Redis of the caller's own, which it may kill. */
export async function startRedis(
  t?: TeardownHost,
  { appendonly = false, lines = [] }: RedisOptions = {},
): Promise<Redis> {
  requireBinaries('redis')
  const { endpoint, nodes, close } = await launchPrivate(t, (folder) =>
    launchRedis({ folder, appendonly, lines }),
  )
  return { ...redisNode(endpoint, nodes[0]), close }
}

/** A Cluster of the caller's own; no master has a replica, so each is the only one for its slots. */
export async function startRedisCluster(
  t?: TeardownHost,
  {
    appendonly = false,
    lines = [],
    masters = 3,
  }: RedisOptions & { readonly masters?: number } = {},
): Promise<RedisCluster> {
  requireBinaries('redis')
  const { endpoint, nodes, close } = await launchPrivate(t, (folder) =>
    launchRedisCluster({ folder, appendonly, lines, masters }),
  )
  return {
    ...clusterClient(endpoint.map((part, index) => redisNode(part, nodes[index]))),
    close,
  }
}

/** One master, one replica and three sentinels of the caller's own. */
export async function startRedisSentinel(
  t?: TeardownHost,
  { appendonly = false }: Pick<RedisOptions, 'appendonly'> = {},
): Promise<RedisSentinel> {
  requireBinaries('redis')
  const { endpoint, nodes, close } = await launchPrivate(t, (folder) =>
    launchRedisSentinel({ folder, appendonly }),
  )
  const serverCount = endpoint.servers.length
  const servers = endpoint.servers.map((part, index) => redisNode(part, nodes[index]))
  const sentinels = endpoint.sentinels.map((part, index) =>
    redisNode(part, nodes[serverCount + index]),
  )
  return { ...sentinelClient(endpoint.name, sentinels, servers), close }
}

async function shared(kind: string): Promise<unknown> {
  requireBinaries('redis')
  return (await currentKeeper()).shared(kind)
}

function redisClient(endpoint: RedisEndpoint): RedisClient {
  return { ...endpoint, command: (...args) => redisCommand(endpoint, ...args) }
}

function redisNode(endpoint: RedisEndpoint, node: ServerNode | undefined): RedisNode {
  if (node === undefined) throw new Error('a node was not launched')
  return { ...node, ...redisClient(endpoint) }
}

function clusterClient<Node extends RedisClient>(nodes: readonly Node[]): RedisClusterClient<Node> {
  return { nodes, isWhole: () => isClusterWhole(nodes) }
}

function sentinelClient<Node extends RedisClient>(
  name: string,
  sentinels: readonly Node[],
  servers: readonly Node[],
): RedisSentinelClient<Node> {
  return {
    name,
    sentinels,
    servers,
    async masterPort() {
      const ports = await Promise.all(sentinels.map((node) => masterPortOf(node, name)))
      return new Set(ports).size === 1 ? (ports[0] ?? null) : null
    },
  }
}
