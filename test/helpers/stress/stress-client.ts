import { WebSocket } from 'ws'
import type { Random } from './random.js'

type Json = Record<string, unknown>

/** What the published clients do by themselves: come back after these, stay away after the rest. */
export function comesBack(code: number): boolean {
  return code < 3500 || (code >= 4000 && code < 4500)
}

const RESUBSCRIBES_FROM = 2500
const BACKOFF_MIN_MS = 20
const BACKOFF_MAX_MS = 150

export interface Heard {
  readonly offset: number
  readonly data: unknown
}

export interface StressClientOptions {
  /** `host:port` for the next connection. */
  readonly address: () => string
  /** Null connects as a stranger. */
  readonly token: string | null
  readonly channels: readonly string[]
  readonly random: Random
}

/** One channel of a client: where it stands, and whatever was not as it has to be. */
export class Following {
  readonly channel: string
  /** Everything since the subscription, or since the server last said that the stream was lost. */
  heard: Heard[] = []
  /** Where it began to hear: only what is newer can be expected of it. */
  from = 0
  offset = 0
  epoch = ''
  isSubscribed = false
  /** Replies that gave back what was missed, and that said it was lost. */
  recovered = 0
  lost = 0
  /** Publications that were not the next one: a gap, a duplicate, or one of another order. */
  readonly faults: string[] = []
  /** Connections that came (`+id`) and went (`-id`). */
  readonly moves: string[] = []

  constructor(channel: string) {
    this.channel = channel
  }

  hear({ offset, data }: Heard, how: string): void {
    if (offset !== this.offset + 1) this.faults.push(`${how} ${offset} after ${this.offset}`)
    this.offset = offset
    this.heard.push({ offset, data })
  }

  /** The reply to a subscription. */
  begin(result: Json, wasRecovering: boolean): void {
    const publications = (result['publications'] ?? []) as Heard[]
    const { epoch, offset = 0 } = result as { epoch: string; offset?: number }
    if (wasRecovering && result['recovered'] === true) {
      this.recovered += 1
      if (epoch !== this.epoch) this.faults.push('recovered from another stream')
      for (const publication of publications) this.hear(publication, 'recovered')
      if (offset > this.offset) this.faults.push(`recovered to ${this.offset} of ${offset}`)
    } else {
      if (wasRecovering) {
        this.lost += 1
        this.heard = []
        if (publications.length > 0) this.faults.push('a part of what was lost')
      }
      this.offset = offset
      this.from = offset
    }
    this.epoch = epoch
    this.isSubscribed = true
  }
}

/**
 * A client of the channel protocol that behaves as the published ones do: it answers pings, comes back with a pause
 * when it may, and recovers each channel from where it stands. It writes down whatever breaks the order.
 */
export class StressClient {
  readonly #options: StressClientOptions
  readonly #following = new Map<string, Following>()
  readonly #asked = new Map<number, { readonly channel: string; readonly recovers: boolean }>()
  readonly #timers = new Set<NodeJS.Timeout>()
  /** How each of its connections ended. */
  readonly ends: { readonly code: number; readonly reason: string }[] = []
  /** Error codes of replies. */
  readonly errors: number[] = []
  #socket: WebSocket | null = null
  #ids = 0
  #isWanted = true
  connectionId = ''
  isConnected = false
  /** True: pings are not answered. */
  isSilent = false

  constructor(options: StressClientOptions) {
    this.#options = options
    for (const channel of options.channels) this.#following.set(channel, new Following(channel))
    this.#open()
  }

  on(channel: string): Following {
    const following = this.#following.get(channel)
    if (!following) throw new Error(`not on ${channel}`)
    return following
  }

  /** Connected and on all of its channels. */
  isThere(): boolean {
    return this.isConnected && [...this.#following.values()].every((one) => one.isSubscribed)
  }

  /** Not coming back, because the server said so. */
  get isOver(): boolean {
    const last = this.ends.at(-1)
    return last !== undefined && !comesBack(last.code)
  }

  /** What was heard out of order, twice, or not at all between two others. */
  faults(): string[] {
    return [...this.#following.values()].flatMap(({ channel, faults }) =>
      faults.map((fault) => `${channel}: ${fault}`),
    )
  }

  /** The network goes without a word; the client comes back. */
  cut(): void {
    this.#socket?.terminate()
  }

  /** Stops reading: what comes stays in the network, and then at the server. */
  pause(): void {
    this.#socket?.pause()
  }

  resume(): void {
    this.#socket?.resume()
  }

  sendRaw(data: string | Buffer): void {
    this.#socket?.send(data)
  }

  /** Leaves for good. */
  stop(): void {
    this.#isWanted = false
    for (const timer of this.#timers) clearTimeout(timer)
    this.#socket?.terminate()
  }

  /** Leaves for good as a well-behaved client does. */
  leave(): void {
    this.#isWanted = false
    this.#socket?.close(1000)
  }

  #open(): void {
    const socket = new WebSocket(`ws://${this.#options.address()}/connection/websocket`)
    this.#socket = socket
    socket.on('error', () => undefined) // The 'close' that follows says the same.
    socket.on('open', () => {
      const { token } = this.#options
      this.#ask('connect', token === null ? {} : { token })
    })
    socket.on('message', (data: Buffer) => {
      for (const line of data.toString().split('\n')) this.#take(line)
    })
    socket.on('close', (code, reason) => this.#closed(code, reason.toString()))
  }

  #closed(code: number, reason: string): void {
    this.isConnected = false
    for (const following of this.#following.values()) following.isSubscribed = false
    this.#asked.clear()
    this.ends.push({ code, reason })
    if (this.#isWanted && comesBack(code)) this.#later(() => this.#open())
  }

  #take(line: string): void {
    if (line === '{}') {
      if (!this.isSilent) this.#socket?.send('{}')
      return
    }
    const message = JSON.parse(line) as Json
    if (message['push'] !== undefined) this.#push(message['push'] as Json)
    else this.#reply(message)
  }

  #reply(message: Json): void {
    const asked = this.#asked.get(Number(message['id']))
    const error = message['error'] as { readonly code: number } | undefined
    if (error) this.errors.push(error.code)
    if (message['connect'] !== undefined) {
      this.isConnected = true
      this.connectionId = String((message['connect'] as Json)['client'])
      for (const { channel } of this.#following.values()) this.#subscribe(channel)
    } else if (asked) {
      this.#asked.delete(Number(message['id']))
      if (error) this.#later(() => this.#subscribe(asked.channel))
      else this.on(asked.channel).begin(message['subscribe'] as Json, asked.recovers)
    } else if (error) this.cut() // A connect that may be tried again.
  }

  #push(push: Json): void {
    const following = this.#following.get(String(push['channel']))
    if (!following) return
    if (push['pub'] !== undefined) {
      if (following.isSubscribed) following.hear(push['pub'] as Heard, 'live')
      else following.faults.push('live before the reply')
    }
    for (const [member, sign] of [
      ['join', '+'],
      ['leave', '-'],
    ] as const) {
      const info = (push[member] as { info: { client: string } } | undefined)?.info
      if (info) following.moves.push(`${sign}${info.client}`)
    }
    const unsubscribed = push['unsubscribe'] as { readonly code: number } | undefined
    if (!unsubscribed) return
    following.isSubscribed = false
    if (unsubscribed.code >= RESUBSCRIBES_FROM) {
      this.#later(() => this.#subscribe(following.channel))
    } else following.faults.push(`unsubscribed with ${unsubscribed.code}`)
  }

  #subscribe(channel: string): void {
    const following = this.on(channel)
    if (!this.isConnected || following.isSubscribed) return
    const recovers = following.epoch !== ''
    const { offset, epoch } = following
    this.#asked.set(this.#ids + 1, { channel, recovers })
    this.#ask('subscribe', {
      ...{ channel, join_leave: true },
      ...(recovers ? { recover: true, offset, epoch } : {}),
    })
  }

  #ask(method: string, params: Json): void {
    this.#ids += 1
    if (this.#socket?.readyState !== WebSocket.OPEN) return
    this.#socket.send(JSON.stringify({ id: this.#ids, [method]: params }))
  }

  #later(action: () => void): void {
    const pauseMs = BACKOFF_MIN_MS + this.#options.random() * (BACKOFF_MAX_MS - BACKOFF_MIN_MS)
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (this.#isWanted) action()
    }, pauseMs)
    this.#timers.add(timer)
  }
}
