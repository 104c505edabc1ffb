/**
 * The load of the recovery: many clients of the channel protocol in one process, which come back as the published ones
 * do, with the same backoff and timeouts, and check every offset. Lines on standard input: the JSON of a RecoveryPlan,
 * which is too long for an argument; `killed INDEX` when a server is about to die, `finish TOPS` (JSON, offset by
 * channel) when nothing more is published. Lines on standard output: `ready`, then the JSON of a RecoveryTimes when
 * the last one is back, then the JSON of a RecoveryCheck.
 */
import { createInterface } from 'node:readline'
import { RawLine } from './raw-line.js'

export interface RecoveryPlan {
  /** `host:port` of the servers, used in turn. */
  readonly addresses: readonly string[]
  readonly clients: number
  /** Access tokens, used in turn. */
  readonly tokens: readonly string[]
  /** Each client is on one of them. */
  readonly channels: readonly string[]
}

export interface RecoveryTimes {
  /** Clients that came back. */
  readonly moved: number
  /** From the kill to the reply with which one has recovered. */
  readonly p50Ms: number
  readonly p99Ms: number
  readonly lastMs: number
  /** Attempts that failed and were made again, and how many of them because no reply came in time. */
  readonly retries: number
  readonly timeouts: number
}

export interface RecoveryCheck {
  readonly gaps: number
  readonly duplicates: number
  /** Clients that were told that nothing could be recovered. */
  readonly lost: number
  readonly recoveredPublications: number
  readonly deliveries: number
}

/** Defaults of the published client: the pause before an attempt; how long the upgrade may take, and then the replies. */
const RECONNECT_MIN_MS = 500
const RECONNECT_MAX_MS = 20_000
const TIMEOUT_MS = 5_000
const OPENING_AT_ONCE = 100
const POLL_MS = 5
/** What a server asks with and a client answers with. */
const PING = '{}'
const OFFSET = '"offset":'

const input = createInterface({ input: process.stdin })[Symbol.asyncIterator]()
const plan = JSON.parse(((await input.next()).value as string | undefined) ?? '{}') as RecoveryPlan
const check = { gaps: 0, duplicates: 0, lost: 0, recoveredPublications: 0, deliveries: 0 }
let dead = -1
let killedAtMs = 0
let retries = 0
let timeouts = 0

interface SubscribeReply {
  readonly epoch: string
  readonly offset?: number
  readonly recovered?: boolean
  readonly publications?: readonly { readonly offset: number }[]
}

/** Full jitter, as the published client has it. */
function backoffMs(attempt: number): number {
  const widthMs = Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS * 2 ** attempt)
  return Math.min(RECONNECT_MAX_MS, RECONNECT_MIN_MS + Math.random() * widthMs)
}

class Client {
  readonly channel: string
  readonly home: number
  readonly #token: string
  #timer: NodeJS.Timeout | undefined
  #attempt = 0
  #epoch = ''
  offset = 0
  isThere = false
  backAtMs = 0

  constructor(index: number) {
    this.home = index % plan.addresses.length
    this.channel = plan.channels[Math.floor(index / 2) % plan.channels.length] ?? ''
    this.#token = plan.tokens[index % plan.tokens.length] ?? ''
  }

  open(): void {
    const server = this.home === dead ? (this.home + 1) % plan.addresses.length : this.home
    const line = new RawLine(plan.addresses[server] ?? '', '/connection/websocket', {
      onOpen: () => {
        this.#limit(line)
        line.send(this.#commands())
      },
      onText: (data, start, end) => this.#read(line, data.toString('utf8', start, end)),
      onClose: () => this.#closed(),
    })
    this.#limit(line)
  }

  /** Gives up when what was asked for last takes too long. */
  #limit(line: RawLine): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => {
      timeouts += 1
      line.cut()
    }, TIMEOUT_MS)
  }

  /** Both in one message, as the published client sends them. */
  #commands(): string {
    const { channel } = this
    const from = { recover: true, offset: this.offset, epoch: this.#epoch }
    const subscribe = { channel, ...(this.#epoch === '' ? {} : from) }
    const commands = [
      { id: 1, connect: { token: this.#token } },
      { id: 2, subscribe },
    ]
    return commands.map((command) => JSON.stringify(command)).join('\n')
  }

  #closed(): void {
    clearTimeout(this.#timer)
    if (this.#attempt > 0) retries += 1
    this.isThere = false
    setTimeout(() => this.open(), backoffMs(this.#attempt))
    this.#attempt += 1
  }

  #read(line: RawLine, text: string): void {
    for (let start = 0; start < text.length;) {
      const found = text.indexOf('\n', start)
      const end = found === -1 ? text.length : found
      this.#take(line, start === 0 && end === text.length ? text : text.slice(start, end))
      start = end + 1
    }
  }

  #take(line: RawLine, message: string): void {
    if (message === PING) line.send(PING)
    else if (message.startsWith('{"push"')) this.#push(message)
    else if (message.includes('"error"')) line.cut()
    else if (message.startsWith('{"id":1,')) this.#attempt = 0
    else if (message.startsWith('{"id":2,')) {
      clearTimeout(this.#timer)
      this.#begin((JSON.parse(message) as { subscribe: SubscribeReply }).subscribe)
    }
  }

  #begin({ epoch, offset = 0, recovered, publications = [] }: SubscribeReply): void {
    if (this.#epoch !== '') {
      if (recovered === true && epoch === this.#epoch) {
        for (const publication of publications) this.#hear(publication.offset)
        check.recoveredPublications += publications.length
      } else check.lost += 1
    }
    if (this.#epoch === '' || recovered !== true) this.offset = offset
    this.#epoch = epoch
    this.isThere = true
    this.backAtMs = performance.now()
  }

  #push(message: string): void {
    const at = message.indexOf(OFFSET)
    // Messages on the personal channel have an offset of their own; none is published there.
    if (at !== -1) this.#hear(parseInt(message.slice(at + OFFSET.length), 10))
    else if (message.includes('"unsubscribe"')) check.lost += 1
  }

  #hear(offset: number): void {
    check.deliveries += 1
    if (offset > this.offset + 1) check.gaps += 1
    if (offset <= this.offset) check.duplicates += 1
    else this.offset = offset
  }
}

/** The only place that lets time pass. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, POLL_MS))
}

async function openAll(): Promise<Client[]> {
  const clients: Client[] = []
  while (clients.length < plan.clients) {
    const count = Math.min(OPENING_AT_ONCE, plan.clients - clients.length)
    const next = Array.from({ length: count }, (_, index) => new Client(clients.length + index))
    for (const client of next) client.open()
    await until(() => next.every(({ isThere }) => isThere))
    clients.push(...next)
  }
  return clients
}

async function comeBack(clients: readonly Client[]): Promise<RecoveryTimes> {
  const moving = clients.filter(({ home }) => home === dead)
  await until(() => moving.every(({ isThere, backAtMs }) => isThere && backAtMs > killedAtMs))
  const times = moving.map(({ backAtMs }) => backAtMs - killedAtMs).sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(share * (times.length - 1))] ?? NaN
  return { moved: moving.length, p50Ms: at(0.5), p99Ms: at(0.99), lastMs: at(1), retries, timeouts }
}

function say(line: unknown): void {
  process.stdout.write(`${typeof line === 'string' ? line : JSON.stringify(line)}\n`)
}

const clients = await openAll()
say('ready')
for (let next = await input.next(); next.done !== true; next = await input.next()) {
  const line = next.value
  const [command = '', argument = ''] = line.split(' ')
  if (command === 'killed') {
    dead = Number(argument)
    killedAtMs = performance.now()
    say('noted')
    say(await comeBack(clients))
  } else if (command === 'finish') {
    const tops = JSON.parse(argument) as Record<string, number>
    // What does not come within this is missing.
    const endsAtMs = performance.now() + TIMEOUT_MS
    const isWhole = (client: Client): boolean => client.offset >= (tops[client.channel] ?? 0)
    await until(() => clients.every(isWhole) || performance.now() > endsAtMs)
    check.gaps += clients.filter((client) => !isWhole(client)).length
    say(check)
    break
  }
}
process.exit(0)
