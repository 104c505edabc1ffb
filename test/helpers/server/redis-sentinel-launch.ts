import { randomBytes } from 'node:crypto'
import { waitFor } from '../wait-for.js'
import { claimPort } from './free-port.js'
import type { Launched } from './private-server.js'
import { infoField, redisCommand, type RedisReply } from './redis-command.js'
import type { RedisLaunch } from './redis-launch.js'
import {
  launchRedisNode,
  persistenceLines,
  redisEndpoint,
  type RedisEndpoint,
} from './redis-node.js'
import type { ServerNode } from './server-node.js'

const MASTER_NAME = 'main'
const QUORUM = 2
const SENTINEL_COUNT = 3
const DOWN_AFTER_MS = 500
const FAILOVER_TIMEOUT_MS = 3_000

export interface RedisSentinelEndpoint {
  /** The name under which the sentinels watch the master. */
  readonly name: string
  readonly sentinels: readonly RedisEndpoint[]
  /** The first master, then its replica. */
  readonly servers: readonly RedisEndpoint[]
}

interface Peer {
  readonly id: string
  readonly port: number
}

/** Starts a master, a replica and three sentinels; the nodes are in this order. */
export async function launchRedisSentinel({
  folder,
  appendonly,
}: RedisLaunch): Promise<Launched<RedisSentinelEndpoint>> {
  const lines = persistenceLines(appendonly)
  const master = await launchRedisNode({ parent: folder, name: 'master', lines })
  const replica = await launchRedisNode({
    parent: folder,
    name: 'replica',
    lines: [...lines, `replicaof ${master.host} ${master.port}`],
  })
  await waitFor('the replica has the data of the master', async () => {
    const info = await redisCommand(replica, 'INFO', 'replication')
    return infoField(info, 'master_link_status') === 'up'
  })
  const peers: Peer[] = []
  while (peers.length < SENTINEL_COUNT) {
    peers.push({ id: randomBytes(20).toString('hex'), port: await claimPort() })
  }
  const sentinels = await Promise.all(
    peers.map((peer, index) => launchSentinel(folder, index, { peer, peers, master, replica })),
  )
  await waitFor(
    'the sentinels know each other and the replica',
    async () => (await Promise.all(sentinels.map((node) => isWatching(node)))).every(Boolean),
    30_000,
  )
  const nodes = [master, replica, ...sentinels]
  return {
    endpoint: {
      name: MASTER_NAME,
      sentinels: sentinels.map(redisEndpoint),
      servers: [redisEndpoint(master), redisEndpoint(replica)],
    },
    nodes,
    ports: nodes.map(({ port }) => port),
  }
}

async function launchSentinel(
  folder: string,
  index: number,
  watch: { peer: Peer; peers: readonly Peer[]; master: ServerNode; replica: ServerNode },
): Promise<ServerNode> {
  const { peer, peers, master, replica } = watch
  const about = (setting: string, ...values: readonly (string | number)[]): string =>
    ['sentinel', setting, MASTER_NAME, ...values].join(' ')
  return launchRedisNode({
    parent: folder,
    name: `sentinel-${index + 1}`,
    port: peer.port,
    isSentinel: true,
    lines: [
      `sentinel myid ${peer.id}`,
      about('monitor', master.host, master.port, QUORUM),
      about('down-after-milliseconds', DOWN_AFTER_MS),
      about('failover-timeout', FAILOVER_TIMEOUT_MS),
      // What they would find out by themselves within seconds, by messages through the master.
      about('known-replica', replica.host, replica.port),
      ...peers
        .filter(({ id }) => id !== peer.id)
        .map(({ id, port }) => about('known-sentinel', master.host, port, id)),
    ],
  })
}

/** True when this sentinel reaches a quorum of its peers and a replica it could promote. */
async function isWatching(node: ServerNode): Promise<boolean> {
  try {
    await redisCommand(node, 'SENTINEL', 'CKQUORUM', MASTER_NAME)
    const [replica] = asList(await redisCommand(node, 'SENTINEL', 'REPLICAS', MASTER_NAME))
    return (
      fieldOf(replica ?? null, 'flags') === 'slave' &&
      fieldOf(replica ?? null, 'master-link-status') === 'ok'
    )
  } catch {
    return false
  }
}

/** The port of the server that a sentinel takes for the master now. */
export async function masterPortOf(sentinel: RedisEndpoint, name: string): Promise<number> {
  const reply = await redisCommand(sentinel, 'SENTINEL', 'GET-MASTER-ADDR-BY-NAME', name)
  return Number(asList(reply)[1])
}

function asList(reply: RedisReply): RedisReply[] {
  return Array.isArray(reply) ? reply : []
}

/** The value after a name in a flat list of pairs. */
function fieldOf(reply: RedisReply, name: string): string {
  const list = asList(reply)
  const at = list.findIndex((item, index) => index % 2 === 0 && item === name)
  return at === -1 ? '' : String(list[at + 1])
}
