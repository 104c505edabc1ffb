import { waitFor } from '../../../helpers/wait-for.js'
import type { Client, SocketServer } from '../../socket-server.js'

type Json = Record<string, unknown>

/** A client that speaks the protocol by hand. */
export interface WireClient {
  readonly client: Client
  /** Every message that came, apart by lines. */
  lines(): Json[]
  pushes(): Json[]
  /** Sends a command and waits for its reply. */
  ask(method: string, params?: Json): Promise<Json>
  /** Waits until a push matches. */
  push(what: string, matches: (push: Json) => boolean): Promise<Json>
}

/** Opens a connection and, with a token, connects. */
export async function openWire(
  server: SocketServer,
  connect: Json | null = { token: 'token' },
  headers: Record<string, string> = {},
): Promise<WireClient> {
  const client = await server.connect('/connection/websocket', { headers })
  let ids = 0
  const lines = (): Json[] =>
    client.received.flatMap((text) =>
      String(text)
        .split('\n')
        .map((line) => JSON.parse(line) as Json),
    )
  const pushes = (): Json[] =>
    lines().flatMap((line) => (line['push'] === undefined ? [] : [line['push'] as Json]))
  const wire: WireClient = {
    client,
    lines,
    pushes,
    async ask(method, params = {}) {
      ids += 1
      const id = ids
      client.send({ id, [method]: params })
      return waitFor(`the reply to ${method}`, () => lines().find((line) => line['id'] === id))
    },
    push: (what, matches) => waitFor(what, () => pushes().find(matches)),
  }
  if (connect !== null) await wire.ask('connect', connect)
  return wire
}
