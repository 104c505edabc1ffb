import { constants } from 'node:fs'
import { cp, mkdir, realpath } from 'node:fs/promises'
import { join } from 'node:path'
import { waitFor } from '../wait-for.js'
import { claimPort } from './free-port.js'
import { createMariaDbClient, type MariaDbEndpoint, queryMariaDb } from './mariadb-client.js'
import { INNODB_LOG_ARG, type MariaDbTemplate, userArgs } from './mariadb-template.js'
import type { Launched } from './private-server.js'
import { requireBinaries } from './service-binary.js'
import { type ServerNode, startServerNode } from './server-node.js'

const HOST = '127.0.0.1'

export interface MariaDbPairEndpoint {
  readonly primary: MariaDbEndpoint
  readonly replicas: readonly MariaDbEndpoint[]
}

export interface MariaDbLaunch {
  /** Holds one folder per server. */
  readonly folder: string
  readonly template: MariaDbTemplate
  /** Options of the server beside those of every node. */
  readonly args?: readonly string[]
}

/** Starts a single server; what it acknowledged survives SIGKILL. */
export async function launchMariaDb(launch: MariaDbLaunch): Promise<Launched<MariaDbEndpoint>> {
  const { endpoint, node } = await launchNode(launch, 'mariadb', [
    '--skip-log-bin',
    ...(launch.args ?? []),
  ])
  return { endpoint, nodes: [node], ports: [node.port] }
}

/** Starts a primary with a binary log and replicas that follow it by GTID and refuse writes. */
export async function launchMariaDbPair(
  launch: MariaDbLaunch & { readonly replicas: number },
): Promise<Launched<MariaDbPairEndpoint>> {
  const binaryLog = ['--log-bin=binlog', '--sync-binlog=1', '--gtid-strict-mode=ON']
  const [primary, ...replicas] = await Promise.all([
    launchNode(launch, 'primary', [...binaryLog, '--server-id=1']),
    ...Array.from({ length: launch.replicas }, (_, index) =>
      launchNode(launch, `replica-${index + 1}`, [
        `--server-id=${index + 2}`,
        '--skip-log-bin',
        '--read-only=ON',
        '--relay-log=relay',
        '--relay-log-recovery=ON',
        // A primary that is silent for this long is taken for lost and asked again.
        '--slave-net-timeout=5',
        // Refuses no attempt to come back, however long the primary was away.
        '--master-retry-count=0',
        '--gtid-strict-mode=ON',
      ]),
    ),
  ])
  await Promise.all(replicas.map(({ endpoint }) => follow(endpoint, primary.endpoint)))
  const nodes = [primary.node, ...replicas.map(({ node }) => node)]
  return {
    endpoint: {
      primary: primary.endpoint,
      replicas: replicas.map(({ endpoint }) => endpoint),
    },
    nodes,
    ports: nodes.map(({ port }) => port),
  }
}

async function follow(replica: MariaDbEndpoint, primary: MariaDbEndpoint): Promise<void> {
  await queryMariaDb(
    replica,
    `CHANGE MASTER TO MASTER_HOST='${primary.host}', MASTER_PORT=${primary.port},
      MASTER_USER='${primary.admin.user}', MASTER_PASSWORD='${primary.admin.password}',
      MASTER_USE_GTID=slave_pos, MASTER_CONNECT_RETRY=1`,
  )
  await queryMariaDb(replica, 'START SLAVE')
  await waitFor('replica follows', async () => {
    const [status] = await queryMariaDb(replica, 'SHOW SLAVE STATUS')
    return status?.['Slave_IO_Running'] === 'Yes' && status['Slave_SQL_Running'] === 'Yes'
  })
}

async function launchNode(
  { folder: parent, template }: MariaDbLaunch,
  name: string,
  extraArgs: readonly string[],
): Promise<{ endpoint: MariaDbEndpoint; node: ServerNode }> {
  const [command] = requireBinaries('mariadb')
  const folder = join(parent, name)
  const dataFolder = join(folder, 'data')
  await mkdir(folder)
  // Shares the blocks where the file system can.
  await cp(template.dataFolder, dataFolder, {
    recursive: true,
    mode: constants.COPYFILE_FICLONE,
  })
  const port = await claimPort()
  const endpoint = { host: HOST, port, app: template.app, admin: template.admin }
  const node = await startServerNode({
    name,
    host: HOST,
    port,
    folder,
    command,
    args: [...nodeArgs(folder, dataFolder, port), ...extraArgs],
    async isReady() {
      const [row] = await createMariaDbClient(endpoint).query('SELECT @@datadir AS folder')
      // Another server of the run knows the same password, but has another folder.
      return (await realpath(String(row?.['folder']))) === (await realpath(dataFolder))
    },
  })
  return { endpoint, node }
}

function nodeArgs(folder: string, dataFolder: string, port: number): string[] {
  return [
    '--no-defaults',
    ...userArgs(),
    `--datadir=${dataFolder}`,
    `--tmpdir=${folder}`,
    // Relative to the data folder, since the path of a Unix socket must be short.
    '--socket=server.sock',
    '--pid-file=server.pid',
    `--bind-address=${HOST}`,
    `--port=${port}`,
    '--skip-name-resolve',
    '--max-connections=500',
    '--character-set-server=utf8mb4',
    '--collation-server=utf8mb4_general_ci',
    // A commit that was acknowledged is on the disk.
    '--innodb-flush-log-at-trx-commit=1',
    '--innodb-buffer-pool-size=16M',
    '--innodb-log-buffer-size=2M',
    INNODB_LOG_ARG,
    '--innodb-buffer-pool-dump-at-shutdown=OFF',
    '--innodb-buffer-pool-load-at-startup=OFF',
    '--key-buffer-size=1M',
    '--aria-pagecache-buffer-size=1M',
    '--performance-schema=OFF',
  ]
}
