import { withDeadline } from './deadline.js'
import { currentKeeper } from './keeper-client.js'
import { createMariaDbClient, type MariaDbClient, type MariaDbEndpoint } from './mariadb-client.js'
import { launchMariaDb, launchMariaDbPair, type MariaDbPairEndpoint } from './mariadb-launch.js'
import type { MariaDbTemplate } from './mariadb-template.js'
import { launchPrivate, type TeardownHost } from './private-server.js'
import { requireBinaries } from './service-binary.js'
import type { ServerNode } from './server-node.js'

export type MariaDbNode = ServerNode & MariaDbClient

export interface MariaDb extends MariaDbNode {
  /** Ends the server and removes its folder. */
  readonly close: () => Promise<void>
}

export interface PairDatabase {
  readonly name: string
  readonly primaryUrl: string
  readonly replicaUrls: readonly string[]
}

/** A primary and its replicas; `Node` says whether the caller may also end them. */
export interface MariaDbPairClient<Node extends MariaDbClient = MariaDbClient> {
  readonly primary: Node
  readonly replicas: readonly Node[]
  /** Creates a database that nobody else uses, on the primary and, when it resolves, on all replicas. */
  readonly createDatabase: (name?: string) => Promise<PairDatabase>
  /** Resolves when every replica has applied what the primary has committed so far. */
  readonly synced: () => Promise<void>
}

export interface MariaDbPair extends MariaDbPairClient<MariaDbNode> {
  /** The first replica. */
  readonly replica: MariaDbNode
  /** The replicas still receive, but apply nothing: what they answer is stale until `followPrimary()`. */
  readonly lagBehind: () => Promise<void>
  readonly followPrimary: () => Promise<void>
  /** Ends the servers and removes their folders. */
  readonly close: () => Promise<void>
}

/** The MariaDB all files of this run share: use a database of your own, change nothing else. */
export async function sharedMariaDb(): Promise<MariaDbClient> {
  requireBinaries('mariadb')
  const endpoint = (await (await currentKeeper()).shared('mariadb')) as MariaDbEndpoint
  return createMariaDbClient(endpoint)
}

/** The primary and one replica all files of this run share. */
export async function sharedMariaDbPair(): Promise<MariaDbPairClient> {
  requireBinaries('mariadb')
  const endpoint = (await (await currentKeeper()).shared('mariadb-pair')) as MariaDbPairEndpoint
  return pairClient(
    createMariaDbClient(endpoint.primary),
    endpoint.replicas.map((replica) => createMariaDbClient(replica)),
  )
}

/** A MariaDB of the caller's own, which it may kill; `args` are options of the server. */
export async function startMariaDb(
  t?: TeardownHost,
  args: readonly string[] = [],
): Promise<MariaDb> {
  const template = await sharedTemplate()
  const { endpoint, nodes, close } = await launchPrivate(t, (folder) =>
    launchMariaDb({ folder, template, args }),
  )
  return { ...mariaDbNode(nodes[0], endpoint), close }
}

/** A primary with replicas of the caller's own, which it may kill. */
export async function startMariaDbPair(
  t?: TeardownHost,
  { replicas = 1 }: { readonly replicas?: number } = {},
): Promise<MariaDbPair> {
  const template = await sharedTemplate()
  const { endpoint, nodes, close } = await launchPrivate(t, (folder) =>
    launchMariaDbPair({ folder, template, replicas }),
  )
  const followers = endpoint.replicas.map((part, index) => mariaDbNode(nodes[index + 1], part))
  const [replica] = followers
  if (replica === undefined) throw new Error('a pair has at least one replica')
  const all = (sql: string): Promise<unknown> =>
    Promise.all(followers.map((follower) => follower.query(sql)))
  return {
    ...pairClient(mariaDbNode(nodes[0], endpoint.primary), followers),
    replica,
    async lagBehind() {
      await all('STOP SLAVE SQL_THREAD')
    },
    async followPrimary() {
      await all('START SLAVE SQL_THREAD')
    },
    close,
  }
}

async function sharedTemplate(): Promise<MariaDbTemplate> {
  requireBinaries('mariadb')
  return (await (await currentKeeper()).shared('mariadb-template')) as MariaDbTemplate
}

function mariaDbNode(node: ServerNode | undefined, endpoint: MariaDbEndpoint): MariaDbNode {
  if (node === undefined) throw new Error('a node was not launched')
  return { ...node, ...createMariaDbClient(endpoint) }
}

const SYNC_TIMEOUT_S = 10

function pairClient<Node extends MariaDbClient>(
  primary: Node,
  replicas: readonly Node[],
): MariaDbPairClient<Node> {
  async function synced(): Promise<void> {
    const [row] = await primary.query('SELECT @@gtid_binlog_pos AS position')
    const position = String(row?.['position'])
    await Promise.all(
      replicas.map(async (replica) => {
        const wait = `SELECT MASTER_GTID_WAIT('${position}', ${SYNC_TIMEOUT_S}) AS result`
        const [answer] = await withDeadline(wait, (SYNC_TIMEOUT_S + 2) * 1000, replica.query(wait))
        if (answer?.['result'] !== 0) throw new Error(`a replica did not reach ${position}`)
      }),
    )
  }
  return {
    primary,
    replicas,
    async createDatabase(name) {
      const created = await primary.createDatabase(name)
      await synced()
      return {
        name: created.name,
        primaryUrl: created.url,
        replicaUrls: replicas.map((replica) => replica.url(created.name)),
      }
    },
    synced,
  }
}
