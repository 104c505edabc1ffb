import type { MysqlFlavour } from './mysql-dialect.js'

/**
 * How far a primary has written and a replica has applied, in global transaction ids: MariaDB's
 * `domain-server-sequence` (https://mariadb.com/kb/en/gtid/), MySQL's sets of `uuid:interval`.
 */

/** Asks a primary for its version and for what it has committed: columns `version` and `position`. */
export const POSITION_SQL: Readonly<Record<MysqlFlavour, string>> = {
  mariadb: 'select version() as version, @@global.gtid_binlog_pos as position',
  mysql: 'select version() as version, @@global.gtid_executed as position',
}

/** Asks a replica whether it has applied a position of its primary: column `applied`, its parameters. */
export const APPLIED_SQL: Readonly<Record<MysqlFlavour, string>> = {
  mariadb: 'select @@global.gtid_slave_pos as applied',
  mysql: 'select gtid_subset(?, @@global.gtid_executed) as applied',
}

/** The family of a server that calls its version so. */
export function flavourOf(version: string): MysqlFlavour {
  return /mariadb/i.test(version) ? 'mariadb' : 'mysql'
}

/**
 * Whether what a replica answered to APPLIED_SQL covers `position`. An empty position proves nothing: that
 * primary writes no binary log, or has no GTIDs.
 */
export function covers(flavour: MysqlFlavour, applied: unknown, position: string): boolean {
  if (position === '') return false
  if (flavour === 'mysql') return applied === 1
  const reached = sequencesOf(String(applied))
  return [...sequencesOf(position)].every(
    ([domain, sequence]) => (reached.get(domain) ?? -1n) >= sequence,
  )
}

/** The last sequence number of each domain. */
function sequencesOf(position: string): Map<string, bigint> {
  const sequences = new Map<string, bigint>()
  for (const [, domain = '', sequence = '0'] of position.matchAll(/(\d+)-\d+-(\d+)/g)) {
    sequences.set(domain, BigInt(sequence))
  }
  return sequences
}
