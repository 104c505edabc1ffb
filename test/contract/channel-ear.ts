import type {
  ChannelBroker,
  ChannelListener,
  ClientInfo,
  HistoryQuery,
  PublishOptions,
} from '../../src/domain/channel-broker.js'

/** Several processes on the same channels, as a test makes them. */
export interface ChannelBrokerSetup {
  /** A broker that has not started, as in a process of its own; closed with the test. */
  readonly createBroker: () => Promise<ChannelBroker>
  /** Loses every stream, as a store that was emptied. */
  readonly loseStreams: () => Promise<void>
  /** Makes messages disappear before the brokers that run have read them. */
  readonly loseMessages: (channel: string) => Promise<void>
}

const HOUR_MS = 3_600_000

export const ANN: ClientInfo = {
  connectionId: 'c-ann',
  userId: 'ann',
  connectionInfo: '{"name":"Ann"}',
  channelInfo: null,
}

/** Options of a publication that is kept. */
export function kept(size = 10_000, lifetimeMs = HOUR_MS): PublishOptions {
  return { history: { size, lifetimeMs }, idempotency: null, info: null, tags: null }
}

export const PLAIN: PublishOptions = { history: null, idempotency: null, info: null, tags: null }
export const WHOLE: HistoryQuery = { since: null, limit: 100_000, reverse: false }

/** The same with an idempotency key. */
export const keyed = (key: string, options: PublishOptions = kept(), lifetimeMs = HOUR_MS) => ({
  ...options,
  idempotency: { key, lifetimeMs },
})

/** What a process heard, one line each. */
export interface ChannelEar {
  readonly heard: string[]
  readonly unsure: (readonly string[] | null)[]
  readonly listener: ChannelListener
  /** Whether the channel was among those that are unsure. */
  wasUnsure(channel: string): boolean
}

export function createChannelEar(): ChannelEar {
  const heard: string[] = []
  const unsure: (readonly string[] | null)[] = []
  const listener: ChannelListener = {
    onPublication: (channel, { offset, data }) => heard.push(`${channel} ${offset} ${data}`),
    onJoin: (channel, { connectionId }) => heard.push(`${channel} join ${connectionId}`),
    onLeave: (channel, { connectionId }) => heard.push(`${channel} leave ${connectionId}`),
    onUnsure: (channels) => unsure.push(channels),
  }
  const wasUnsure = (channel: string): boolean =>
    unsure.some((channels) => channels === null || channels.includes(channel))
  return { heard, unsure, listener, wasUnsure }
}

/** A started broker and what it hears. */
export async function startEar(
  setup: Pick<ChannelBrokerSetup, 'createBroker'>,
  ...channels: string[]
): Promise<ChannelEar & { readonly broker: ChannelBroker }> {
  const broker = await setup.createBroker()
  const ear = createChannelEar()
  await broker.start(ear.listener)
  for (const channel of channels) await broker.subscribe(channel)
  return { ...ear, broker }
}

export const dataOf = ({ publications }: { publications: readonly { data: string }[] }): string[] =>
  publications.map(({ data }) => data)
