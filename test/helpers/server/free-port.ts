import { randomInt } from 'node:crypto'
import { rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { baseFolder, ownIdentity } from './run-folder.js'

/**
 * Below the range from which the kernel takes ports for outgoing connections and for port 0
 * (32768 upwards): a killed server must find its port free again, and a client that keeps trying a
 * closed port of that range can end up connected to itself.
 */
const PORT_MIN = 20_000
const PORT_MAX = 31_999
const ATTEMPTS_MAX = 200

/**
 * Claims a free loopback port for this process: no other test of this user gets it until it is
 * released or this process is gone, even while nothing listens on it.
 */
export async function claimPort(
  pick: () => number = () => randomInt(PORT_MIN, PORT_MAX + 1),
): Promise<number> {
  const base = await baseFolder()
  const identity = await ownIdentity()
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt += 1) {
    const port = pick()
    try {
      await writeFile(join(base, `port-${port}`), identity, { flag: 'wx' })
    } catch {
      continue // Claimed by another test.
    }
    if (await isFree(port)) return port
    await releasePort(port)
  }
  throw new Error(`no free port after ${ATTEMPTS_MAX} attempts`)
}

/** Gives a claimed port back. */
export async function releasePort(port: number): Promise<void> {
  await rm(join(await baseFolder(), `port-${port}`), { force: true })
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = createServer()
    probe.once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
}
