import { waitFor } from '../wait-for.js'
import { claimPort } from './free-port.js'
import type { Launched } from './private-server.js'
import { infoField, redisCommand } from './redis-command.js'
import {
  launchRedisNode,
  persistenceLines,
  redisEndpoint,
  type RedisEndpoint,
} from './redis-node.js'
import type { ServerNode } from './server-node.js'

const SLOT_COUNT = 16_384
const CLUSTER_NODE_TIMEOUT_MS = 1_000

export interface RedisLaunch {
  /** Holds one folder per server. */
  readonly folder: string
  /** True: what was acknowledged survives SIGKILL. False: a server comes back empty. */
  readonly appendonly: boolean
  /** Further lines of the configuration of every server. */
  readonly lines?: readonly string[]
}

/** Starts a single server. */
export async function launchRedis(launch: RedisLaunch): Promise<Launched<RedisEndpoint>> {
  const lines = [...persistenceLines(launch.appendonly), ...(launch.lines ?? [])]
  const node = await launchRedisNode({ parent: launch.folder, name: 'redis', lines })
  return { endpoint: redisEndpoint(node), nodes: [node], ports: [node.port] }
}

/**
 * Starts masters that share the slots evenly, without replicas. They are introduced to each other by
 * hand, with an epoch each, so no election is needed.
 */
export async function launchRedisCluster({
  folder,
  appendonly,
  masters,
  lines = [],
}: RedisLaunch & { readonly masters: number }): Promise<Launched<readonly RedisEndpoint[]>> {
  // By default the bus takes a port 10,000 above, which the kernel gives to outgoing connections.
  const busPorts: number[] = []
  while (busPorts.length < masters) busPorts.push(await claimPort())
  const nodes = await Promise.all(
    busPorts.map((busPort, index) =>
      launchRedisNode({
        parent: folder,
        name: `master-${index + 1}`,
        lines: [
          ...persistenceLines(appendonly),
          'cluster-enabled yes',
          `cluster-port ${busPort}`,
          `cluster-node-timeout ${CLUSTER_NODE_TIMEOUT_MS}`,
          ...lines,
        ],
      }),
    ),
  )
  await introduce(nodes, busPorts)
  return {
    endpoint: nodes.map(redisEndpoint),
    nodes,
    ports: [...busPorts, ...nodes.map(({ port }) => port)],
  }
}

async function introduce(nodes: readonly ServerNode[], busPorts: readonly number[]): Promise<void> {
  const [seed] = nodes
  if (seed === undefined) throw new Error('a cluster has at least one master')
  const firstSlot = (index: number): number => Math.floor((index * SLOT_COUNT) / nodes.length)
  await Promise.all(
    nodes.map(async (node, index) => {
      const slots = [String(firstSlot(index)), String(firstSlot(index + 1) - 1)]
      await redisCommand(node, 'CLUSTER', 'ADDSLOTSRANGE', ...slots)
      await redisCommand(node, 'CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1))
    }),
  )
  for (const node of nodes.slice(1)) {
    await redisCommand(node, 'CLUSTER', 'MEET', seed.host, `${seed.port}`, `${busPorts[0]}`)
  }
  await waitFor('the cluster serves all slots', () => isClusterWhole(nodes), 30_000)
}

/** True when every node sees all slots served; false also when one does not answer. */
export async function isClusterWhole(
  nodes: readonly { readonly host: string; readonly port: number }[],
): Promise<boolean> {
  const infos = await Promise.all(
    nodes.map((node) => redisCommand(node, 'CLUSTER', 'INFO').catch(() => '')),
  )
  return infos.every(
    (info) =>
      infoField(info, 'cluster_state') === 'ok' &&
      infoField(info, 'cluster_slots_ok') === String(SLOT_COUNT) &&
      infoField(info, 'cluster_known_nodes') === String(nodes.length),
  )
}
