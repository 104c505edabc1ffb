/**
 * The load of the fan-out: many clients on raw TCP in one process, which count frames and parse nothing else.
 * `fanout-load.js PLAN`, PLAN being the JSON of a LoadPlan; commands come as lines on standard input:
 * `run OUTSTANDING MS` publishes with so many outstanding, `rate PER_SECOND MS` at a rate, `end` ends.
 */
import { createInterface } from 'node:readline'
import { setTimeout as pause } from 'node:timers/promises'
import { RawLine } from './raw-line.js'

export interface LoadPlan {
  readonly kind: 'bare' | 'channel'
  readonly host: string
  readonly port: number
  readonly clients: number
  /** Access tokens, used in turn. */
  readonly tokens: readonly string[]
  readonly channel: string
  /** Bytes of what is delivered for one publication. */
  readonly lineBytes: number
}

export interface LoadResult {
  readonly published: number
  readonly deliveries: number
  /** Frames that the deliveries came in. */
  readonly frames: number
  readonly elapsedMs: number
  /** From the publication to its arrival at the publisher, who is served last. */
  readonly p50Ms: number
  readonly p99Ms: number
}

const OPENING_AT_ONCE = 50
/** What a server asks with and a client answers with. */
const PING = '{}'
const DEADLINE_MS = 30_000

const plan = JSON.parse(process.argv[2] ?? '{}') as LoadPlan
const counts = { deliveries: 0, frames: 0 }

/** One client: bytes in, deliveries counted. */
class Client {
  readonly line: RawLine
  onDelivered: (count: number) => void = () => {}
  onOpen: () => void = () => {}
  onReply: (text: string) => void = () => {}
  onClose: () => void = () => {}

  constructor() {
    const path = plan.kind === 'bare' ? '/' : '/connection/websocket'
    this.line = new RawLine(`${plan.host}:${plan.port}`, path, {
      onOpen: () => this.onOpen(),
      onText: (data, start, end) => this.#read(data, start, end),
      onClose: () => this.onClose(),
    })
  }

  #read(data: Buffer, start: number, end: number): void {
    const lines = (end - start + 1) / (plan.lineBytes + 1)
    // Lines of one length, with a line break between two of them; replies have another length.
    if (Number.isInteger(lines)) {
      counts.frames += 1
      counts.deliveries += lines
      this.onDelivered(lines)
      return
    }
    const text = data.toString('utf8', start, end)
    if (text === PING) this.line.send(PING)
    else this.onReply(text)
  }
}

async function openClient(index: number): Promise<Client> {
  const client = new Client()
  await new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('a client was not let in')), DEADLINE_MS)
    const done = (): void => {
      clearTimeout(timer)
      resolve()
    }
    if (plan.kind === 'bare') {
      client.onOpen = done
      return
    }
    client.onReply = (text) => {
      if (text.includes('"error"') || text.includes('"disconnect"')) reject(new Error(text))
      if (text.includes('"subscribe":')) done()
    }
    client.onOpen = () => {
      const token = plan.tokens[index % plan.tokens.length]
      const commands = [
        { id: 1, connect: { token } },
        { id: 2, subscribe: { channel: plan.channel } },
      ]
      client.line.send(commands.map((command) => JSON.stringify(command)).join('\n'))
    }
    client.onClose = () => reject(new Error('a client was closed'))
  })
  return client
}

async function openAll(): Promise<Client[]> {
  const clients: Client[] = []
  while (clients.length < plan.clients - 1) {
    const count = Math.min(OPENING_AT_ONCE, plan.clients - 1 - clients.length)
    const next = Array.from({ length: count }, (_, index) => openClient(clients.length + index))
    clients.push(...(await Promise.all(next)))
  }
  // The publisher comes last, so that it is served last.
  clients.push(await openClient(clients.length))
  return clients
}

/** What the publisher sends for one publication. */
function publicationOf(): string {
  const filler = (bytes: number): string => 'x'.repeat(Math.max(0, bytes))
  if (plan.kind === 'bare') return filler(plan.lineBytes)
  const data = filler(plan.lineBytes - lineOverhead())
  return `{"id":9,"publish":{"channel":"${plan.channel}","data":"${data}"}}`
}

/** The pushed line around the data: with who published it, as every publication of a client has. */
function lineOverhead(): number {
  const info = `,"info":{"user":"${'u'.repeat(36)}","client":"${'c'.repeat(36)}"}`
  return `{"push":{"channel":"${plan.channel}","pub":{"data":""${info}}}}`.length
}

async function publishFor(
  publisher: Client,
  options: { outstanding: number; perSecond: number; ms: number },
): Promise<LoadResult> {
  const before = { ...counts }
  const message = publicationOf()
  const sentAt: number[] = []
  const latencies: number[] = []
  const startedAt = performance.now()
  const endsAt = startedAt + options.ms
  let published = 0
  const publish = (): void => {
    sentAt.push(performance.now())
    published += 1
    publisher.line.send(message)
  }
  publisher.onDelivered = (count) => {
    const now = performance.now()
    for (let index = 0; index < count; index += 1) {
      latencies.push(now - (sentAt.shift() ?? now))
      if (options.outstanding > 0 && now < endsAt) publish()
    }
  }
  for (let index = 0; index < options.outstanding; index += 1) publish()
  while (performance.now() < endsAt) {
    await pause(options.perSecond > 0 ? 1 : 20)
    const due = ((performance.now() - startedAt) * options.perSecond) / 1000
    while (options.perSecond > 0 && published < due) publish()
  }
  while (sentAt.length > 0 && performance.now() < endsAt + DEADLINE_MS) await pause(5)
  latencies.sort((a, b) => a - b)
  const at = (share: number): number => latencies[Math.floor(share * (latencies.length - 1))] ?? 0
  return {
    published,
    deliveries: counts.deliveries - before.deliveries,
    frames: counts.frames - before.frames,
    elapsedMs: performance.now() - startedAt,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
  }
}

/**
 * Has this process ask for what has come instead of sleeping until something comes: waking it would be the work of
 * whoever writes, and the servers' figures would say more about this client than about them.
 */
function keepAwake(): () => void {
  let isAwake = true
  const ask = (): void => {
    if (isAwake) setImmediate(ask)
  }
  ask()
  return () => {
    isAwake = false
  }
}

const clients = await openAll()
const publisher = clients.at(-1)
process.stdout.write('ready\n')
for await (const line of createInterface({ input: process.stdin })) {
  const [command, amount, ms] = line.split(' ')
  if (command === 'end' || !publisher) break
  const options = {
    outstanding: command === 'run' ? Number(amount) : 0,
    perSecond: command === 'rate' ? Number(amount) : 0,
    ms: Number(ms),
  }
  const rest = keepAwake()
  const result = await publishFor(publisher, options)
  rest()
  process.stdout.write(`${JSON.stringify(result)}\n`)
}
for (const client of clients) client.line.cut()
process.exit(0)
