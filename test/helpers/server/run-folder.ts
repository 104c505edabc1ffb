import { randomBytes } from 'node:crypto'
import { lstat, mkdir, readdir, readFile, realpath, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { endFolder, isIdentityAlive, processIdentity } from './process-folder.js'

const RUN_NAME = /^run-(\d+-\d+)-[0-9a-f]+$/
const PORT_NAME = /^port-\d+$/

/**
 * The folder that holds everything the tests of this user start: `run-<owner>-<random>` folders and
 * `port-<number>` claims. Only the user may enter; a folder that somebody else laid there is refused.
 * Its path is short, because the path of a Unix socket must be.
 */
export async function baseFolder(): Promise<string> {
  const uid = process.getuid?.() ?? 0
  const folder = join(await realpath(tmpdir()), `gatehouse-test-${uid}`)
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const info = await lstat(folder)
  if (!info.isDirectory() || info.uid !== uid || (info.mode & 0o077) !== 0) {
    throw new Error(`${folder} is not a private folder of this user`)
  }
  return folder
}

/** The name under which this process owns things in the base folder. */
export async function ownIdentity(): Promise<string> {
  const identity = await processIdentity(process.pid)
  if (identity === null) throw new Error('throwaway servers need Linux with /proc')
  return identity
}

/** A new folder for a test run that ends with this process. */
export async function createRunFolder(base: string): Promise<string> {
  const name = `run-${await ownIdentity()}-${randomBytes(3).toString('hex')}`
  const folder = join(base, name)
  await mkdir(folder, { mode: 0o700 })
  return folder
}

/**
 * Ends what dead owners left behind: their servers, folders and claimed ports. `endingOwner` counts as
 * dead: a process that sweeps as its last deed.
 */
export async function sweepStale(base: string, endingOwner: string | null = null): Promise<void> {
  const isDead = async (owner: string): Promise<boolean> =>
    owner === endingOwner || !(await isIdentityAlive(owner))
  for (const name of await readdir(base)) {
    const path = join(base, name)
    const runOwner = RUN_NAME.exec(name)?.[1]
    if (runOwner !== undefined && (await isDead(runOwner))) await endFolder(path)
    if (!PORT_NAME.test(name)) continue
    const portOwner = await readFile(path, 'utf8').catch(() => '')
    // An empty claim is one that is being written at this moment.
    if (portOwner !== '' && (await isDead(portOwner))) await rm(path, { force: true })
  }
}
