import type { Test } from 'tap'
import { createMigrator } from '../../../src/repository/migrator.js'
import {
  type MysqlStore,
  type MysqlStoreOptions,
  openMysqlStore,
} from '../../../src/repository/mysql/mysql-store.js'
import { createMemoryLogger } from '../../helpers/memory-logger.js'
import { sharedMariaDb, sharedMariaDbPair } from '../../helpers/server/mariadb.js'

/** Which servers a store is opened on. */
export interface MysqlUrls {
  readonly url: string
  readonly replicaUrls: readonly string[]
}

/** The options of the defaults, with a silent log. */
export function mysqlOptions(
  urls: MysqlUrls,
  overrides: Partial<MysqlStoreOptions> = {},
): MysqlStoreOptions {
  return {
    ...urls,
    connectionsMax: 10,
    lifetimeMs: 600_000,
    idleTimeoutMs: 60_000,
    connectTimeoutMs: 1_000,
    queryTimeoutMs: 2_000,
    readYourWritesMs: 2_000,
    logger: createMemoryLogger(),
    ...overrides,
  }
}

/** A started store, closed with the test. */
export async function startMysqlStore(
  t: Test,
  urls: MysqlUrls,
  overrides: Partial<MysqlStoreOptions> = {},
): Promise<MysqlStore> {
  const store = openMysqlStore(mysqlOptions(urls, overrides))
  t.teardown(() => store.close())
  await store.start()
  return store
}

/** A started and migrated store, closed with the test. */
export async function openTestMysql(
  t: Test,
  urls: MysqlUrls,
  overrides: Partial<MysqlStoreOptions> = {},
): Promise<MysqlStore> {
  const store = await startMysqlStore(t, urls, overrides)
  await createMigrator(store).up()
  return store
}

/** An empty database on the server that the run shares. */
export async function emptySingle(): Promise<MysqlUrls> {
  const { url } = await (await sharedMariaDb()).createDatabase()
  return { url, replicaUrls: [] }
}

/** An empty database on the primary and the replica that the run shares. */
export async function emptyPair(): Promise<MysqlUrls> {
  const { primaryUrl, replicaUrls } = await (await sharedMariaDbPair()).createDatabase()
  return { url: primaryUrl, replicaUrls }
}

/** Both set-ups that every port must work on, by name. */
export const MYSQL_SETUPS: readonly (readonly [string, () => Promise<MysqlUrls>])[] = [
  ['MariaDB', emptySingle],
  ['MariaDB primary/replica', emptyPair],
]
