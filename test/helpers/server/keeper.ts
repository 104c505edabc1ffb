import { mkdir } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { endFolder } from './process-folder.js'

/**
 * Starts a kind of thing the whole run shares, in an empty folder of its own, and returns what others
 * need to use it. `shared` gives another kind it is built on.
 */
export type Starter = (context: {
  readonly folder: string
  readonly shared: (kind: string) => Promise<unknown>
}) => Promise<unknown>

export interface KeeperDeps {
  readonly runFolder: string
  readonly starters: Readonly<Record<string, Starter>>
}

export interface KeeperRequest {
  readonly id: number
  /** A kind to share; null asks for a private folder that ends with this connection. */
  readonly kind: string | null
}

export type KeeperReply =
  { readonly id: number; readonly value: unknown } | { readonly id: number; readonly error: string }

export interface Keeper {
  /** Ends every server of the run and removes the folder. */
  readonly close: () => Promise<void>
}

/** Where the keeper of a run listens. */
export function keeperSocketPath(runFolder: string): string {
  return join(runFolder, 'keeper.sock')
}

/**
 * Keeps what a test run starts. Test files connect by a Unix socket and speak one line of JSON per request
 * and reply. The first who asks for a shared kind starts it, all get the same. What a file starts for
 * itself lives in private folders, and the end of its connection, which no crash can prevent, ends them.
 */
export async function startKeeper({ runFolder, starters }: KeeperDeps): Promise<Keeper> {
  const kinds = new Map<string, Promise<unknown>>()
  const connections = new Set<Socket>()
  let privateCount = 0

  function shared(kind: string): Promise<unknown> {
    const known = kinds.get(kind)
    if (known !== undefined) return known
    const starting = start(kind)
    kinds.set(kind, starting)
    // Not kept: the next who asks tries again.
    starting.catch(() => kinds.delete(kind))
    return starting
  }

  async function start(kind: string): Promise<unknown> {
    const starter = starters[kind]
    if (starter === undefined) throw new Error(`no such kind: ${kind}`)
    const folder = join(runFolder, kind)
    try {
      await mkdir(folder)
      return await starter({ folder, shared })
    } catch (error) {
      await endFolder(folder)
      throw error
    }
  }

  async function privateFolder(): Promise<string> {
    privateCount += 1
    const folder = join(runFolder, `private-${privateCount}`)
    await mkdir(folder)
    return folder
  }

  function serve(connection: Socket): void {
    const ownFolders: Promise<string>[] = []
    async function reply({ id, kind }: KeeperRequest): Promise<KeeperReply> {
      try {
        if (kind !== null) return { id, value: await shared(kind) }
        const folder = privateFolder()
        ownFolders.push(folder)
        return { id, value: await folder }
      } catch (error) {
        return { id, error: error instanceof Error ? error.message : String(error) }
      }
    }
    connections.add(connection)
    connection.on('error', () => undefined) // The 'close' that follows says the same.
    createInterface({ input: connection }).on('line', (line) => {
      const request = parseRequest(line)
      if (request === null) {
        connection.destroy()
        return
      }
      void reply(request).then((answer) => {
        if (connection.writable) connection.write(`${JSON.stringify(answer)}\n`)
      })
    })
    connection.on('close', () => {
      connections.delete(connection)
      for (const folder of ownFolders) void folder.then(endFolder).catch(() => undefined)
    })
  }

  const server = createServer(serve)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(keeperSocketPath(runFolder), resolve)
  })
  return {
    async close() {
      server.close()
      for (const connection of connections) connection.destroy()
      await endFolder(runFolder)
      // Whatever was still starting finds its folder gone; what it started meanwhile goes too.
      await Promise.allSettled(kinds.values())
      await endFolder(runFolder)
    },
  }
}

function parseRequest(line: string): KeeperRequest | null {
  try {
    return JSON.parse(line) as KeeperRequest
  } catch {
    return null
  }
}
