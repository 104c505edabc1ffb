import { endFolder } from './process-folder.js'
import { releasePort } from './free-port.js'
import { currentKeeper } from './keeper-client.js'
import type { ServerNode } from './server-node.js'

/** Running servers and what others need to reach them. */
export interface Launched<Endpoint> {
  readonly endpoint: Endpoint
  /** In the order of the endpoint's parts. */
  readonly nodes: readonly ServerNode[]
  /** Every port that was claimed for them. */
  readonly ports: readonly number[]
}

/** A tap test, or whatever else closes what was started for it. */
export interface TeardownHost {
  teardown(close: () => Promise<void>): void
}

/**
 * Launches servers in a new private folder. `close` kills them, removes the folder and gives the ports
 * back; it runs at the end of the test, and a crash of this process does the same through the keeper.
 */
export async function launchPrivate<Endpoint>(
  t: TeardownHost | undefined,
  launch: (folder: string) => Promise<Launched<Endpoint>>,
): Promise<Launched<Endpoint> & { readonly close: () => Promise<void> }> {
  const keeper = await currentKeeper()
  const folder = await keeper.privateFolder()
  let launched: Launched<Endpoint>
  try {
    launched = await launch(folder)
  } catch (error) {
    await endFolder(folder)
    throw error
  }
  async function close(): Promise<void> {
    await Promise.all(launched.nodes.map((node) => node.kill()))
    await endFolder(folder)
    await Promise.all(launched.ports.map((port) => releasePort(port)))
  }
  t?.teardown(close)
  return { ...launched, close }
}
