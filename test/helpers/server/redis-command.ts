import { createClient } from 'redis'
import { withDeadline } from './deadline.js'

const COMMAND_TIMEOUT_MS = 5_000

/** A reply as RESP2 gives it: maps are flat lists. */
export type RedisReply = string | number | null | RedisReply[]

/**
 * Runs one command on a connection of its own. It fails at once when nothing listens, and after 5 s when
 * nothing answers: the client itself would wait for ever.
 */
export async function redisCommand(
  { host, port }: { readonly host: string; readonly port: number },
  ...args: readonly string[]
): Promise<RedisReply> {
  const client = createClient({
    RESP: 2,
    disableClientInfo: true,
    socket: { host, port, reconnectStrategy: false, connectTimeout: COMMAND_TIMEOUT_MS },
  })
  client.on('error', () => undefined) // The rejected command says the same.
  async function run(): Promise<RedisReply> {
    await client.connect()
    return client.sendCommand<RedisReply>(args)
  }
  try {
    return await withDeadline(`answer to ${args.join(' ')}`, COMMAND_TIMEOUT_MS, run())
  } finally {
    client.destroy()
  }
}

/** One field of an `INFO`-like reply (`name:value` lines), empty when absent. */
export function infoField(info: RedisReply, name: string): string {
  const line = String(info)
    .split('\r\n')
    .find((candidate) => candidate.startsWith(`${name}:`))
  return line?.slice(name.length + 1) ?? ''
}

/** How often a server has run each command since it started, by its lower-case name. */
export async function commandCalls(server: {
  readonly host: string
  readonly port: number
}): Promise<Record<string, number>> {
  const info = String(await redisCommand(server, 'INFO', 'commandstats'))
  const lines = [...info.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm)]
  return Object.fromEntries(lines.map(([, name = '', count]) => [name, Number(count)]))
}

/** Whether bytes on their way to a server subscribe to something: what tells the connections of pub/sub apart. */
export function isSubscription(chunk: Buffer): boolean {
  return /\$\d+\r\ns?subscribe\r\n/i.test(chunk.toString('latin1'))
}
