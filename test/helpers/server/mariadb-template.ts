import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { requireBinaries } from './service-binary.js'

export interface Account {
  readonly user: string
  readonly password: string
}

/** A data directory that was initialised once and is copied for every server of the run. */
export interface MariaDbTemplate {
  readonly dataFolder: string
  /** What an application gets: data and schema, but no way around `read_only`. */
  readonly app: Account
  /** What the helpers use: everything. */
  readonly admin: Account
}

/** Small enough to be copied quickly; every server of the template must say the same. */
export const INNODB_LOG_ARG = '--innodb-log-file-size=8M'

/** mariadbd refuses to run as root unless told so. */
export function userArgs(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : []
}

const APP_PRIVILEGES = [
  'SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, TRIGGER, EXECUTE',
  'CREATE VIEW, SHOW VIEW, CREATE TEMPORARY TABLES, LOCK TABLES, PROCESS',
].join(', ')

/** Initialises a data directory in `folder` with two accounts whose passwords only this run knows. */
export async function createMariaDbTemplate(folder: string): Promise<MariaDbTemplate> {
  const [, installer] = requireBinaries('mariadb')
  if (installer === undefined) throw new Error('mariadb-install-db is not on PATH')
  const dataFolder = join(folder, 'data')
  const accountFile = join(folder, 'account.sql')
  const app = { user: 'gatehouse', password: randomBytes(12).toString('hex') }
  const admin = { user: 'keeper', password: randomBytes(12).toString('hex') }
  // The script runs without the grant tables, which FLUSH PRIVILEGES loads.
  const statements = [
    'FLUSH PRIVILEGES',
    `CREATE USER '${admin.user}'@'127.0.0.1' IDENTIFIED BY '${admin.password}'`,
    `GRANT ALL PRIVILEGES ON *.* TO '${admin.user}'@'127.0.0.1' WITH GRANT OPTION`,
    `CREATE USER '${app.user}'@'127.0.0.1' IDENTIFIED BY '${app.password}'`,
    `GRANT ${APP_PRIVILEGES} ON *.* TO '${app.user}'@'127.0.0.1'`,
  ]
  await writeFile(accountFile, `${statements.join(';\n')};\n`, { mode: 0o600 })
  // --no-defaults must be the first argument.
  const args = ['--no-defaults', ...userArgs(), `--datadir=${dataFolder}`, INNODB_LOG_ARG]
  args.push('--auth-root-authentication-method=socket', '--skip-test-db', '--skip-name-resolve')
  await promisify(execFile)(installer, [...args, `--extra-file=${accountFile}`], {
    cwd: folder,
    env: { PATH: `${process.env['PATH'] ?? ''}:/usr/sbin`, HOME: folder, LC_ALL: 'C' },
  })
  return { dataFolder, app, admin }
}
