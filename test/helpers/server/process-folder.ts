import { readdir, readFile, readlink, rm } from 'node:fs/promises'
import { waitFor } from '../wait-for.js'

/**
 * Every throwaway server works in a folder of its own, so the folder tells which processes belong to it.
 * That holds after any crash, needs no list that could be out of date and cannot hit a stranger whose
 * process id was used before.
 */

/** Ids of the living processes whose working folder is `folder` (a real path) or inside of it. */
export async function processesInside(folder: string): Promise<number[]> {
  const entries = await readdir('/proc')
  const found = await Promise.all(
    entries
      .filter((entry) => /^\d+$/.test(entry))
      .map(async (entry) => {
        const cwd = await workingFolder(entry)
        const isInside = cwd === folder || cwd.startsWith(`${folder}/`)
        return isInside ? Number(entry) : null
      }),
  )
  return found.filter((pid) => pid !== null)
}

/** Kills what runs inside of the folder and removes it, again and again until both are gone. */
export async function endFolder(folder: string): Promise<void> {
  await waitFor(
    `${folder} is empty and removed`,
    async () => {
      const pids = await processesInside(folder)
      for (const pid of pids) killIfAlive(pid)
      if (pids.length > 0) return false
      try {
        await rm(folder, { recursive: true, force: true })
      } catch {
        return false // Somebody wrote into it meanwhile: look again who.
      }
      return (await processesInside(folder)).length === 0
    },
    20_000,
  )
}

/** A name for a process that no later process can have: its id and its start in clock ticks. */
export async function processIdentity(pid: number): Promise<string | null> {
  const fields = await statFields(pid)
  // Field 22 of proc_pid_stat(5); the list starts at field 3.
  const startTicks = fields?.[22 - 3]
  return startTicks === undefined ? null : `${pid}-${startTicks}`
}

/** True while the process of this identity lives; a zombie does not. */
export async function isIdentityAlive(identity: string): Promise<boolean> {
  const pid = Number(identity.split('-')[0])
  return (await processState(pid)) !== null && (await processIdentity(pid)) === identity
}

/** The state letter of a process (`R`, `S`, `T`, ...); null when it is gone or only awaits its parent. */
export async function processState(pid: number): Promise<string | null> {
  const state = (await statFields(pid))?.[0]
  return state === undefined || state === 'Z' || state === 'X' ? null : state
}

/** The fields of /proc/<pid>/stat after the command's name, which may itself contain spaces. */
async function statFields(pid: number): Promise<string[] | null> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8')
    return stat
      .slice(stat.lastIndexOf(')') + 1)
      .trim()
      .split(' ')
  } catch {
    return null
  }
}

/** Empty when the process is gone or belongs to somebody else. */
async function workingFolder(pid: string): Promise<string> {
  try {
    return (await readlink(`/proc/${pid}/cwd`)).replace(/ \(deleted\)$/, '')
  } catch {
    return ''
  }
}

function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It ended by itself.
  }
}
