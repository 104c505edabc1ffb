import type { ClientInfo, Publication, StreamPosition } from '../../../domain/channel-broker.js'
import type { Batch, BatchEncoder, ChannelEvent } from '../../../realtime/batch.js'
import type { CloseFrame } from '../../client-line.js'
import { textFrame } from '../../frame.js'
import type { ReplyError } from './code.js'
import type { Method } from './command.js'

/**
 * The replies and pushes of the client protocol as JSON text. The data of publications is JSON text already and is
 * put in as it is.
 */

/** What the reply to a subscribe says; also of a subscription that the server made. */
export interface SubscribeResult {
  readonly position: StreamPosition | null
  readonly isRecoverable: boolean
  readonly isPositioned: boolean
  readonly wasRecovering: boolean
  readonly recovered: boolean
  readonly publications: readonly Publication[]
  /** Seconds until the subscription expires; null when it does not. */
  readonly ttlSeconds: number | null
}

export interface ConnectResult {
  readonly clientId: string
  readonly version: string
  /** Seconds until the connection expires; null when it does not. */
  readonly ttlSeconds: number | null
  readonly pingSeconds: number
  /** For clients that send by separate requests; null for others. */
  readonly emulation: { readonly session: string; readonly processId: string } | null
  /** Subscriptions that the server made, by channel. */
  readonly subscriptions: ReadonlyMap<string, SubscribeResult>
}

export function replyOf(id: number, method: Method, resultJson: string): string {
  return `{"id":${id},"${method}":${resultJson}}`
}

/** `onError` is told of the code. */
export function errorReplyOf(
  id: number,
  { code, message, temporary }: ReplyError,
  onError?: (code: number) => void,
): string {
  onError?.(code)
  const error = temporary ? { code, message, temporary } : { code, message }
  return `{"id":${id},"error":${JSON.stringify(error)}}`
}

export function connectJson(result: ConnectResult): string {
  const { clientId, version, ttlSeconds, pingSeconds, emulation } = result
  const plain = JSON.stringify({
    ...{ client: clientId, version },
    ...(ttlSeconds === null ? {} : { expires: true, ttl: ttlSeconds }),
    ...{ ping: pingSeconds, pong: true },
    ...(emulation === null ? {} : { session: emulation.session, node: emulation.processId }),
  })
  if (result.subscriptions.size === 0) return plain
  const subs = [...result.subscriptions].map(
    ([channel, subscription]) => `${JSON.stringify(channel)}:${subscribeJson(subscription)}`,
  )
  return `${plain.slice(0, -1)},"subs":{${subs.join(',')}}}`
}

export function subscribeJson(result: SubscribeResult): string {
  const { position, publications, ttlSeconds } = result
  const plain = JSON.stringify({
    ...(ttlSeconds === null ? {} : { expires: true, ttl: ttlSeconds }),
    ...(result.isRecoverable ? { recoverable: true } : {}),
    ...(result.isPositioned ? { positioned: true } : {}),
    ...(result.wasRecovering ? { was_recovering: true } : {}),
    ...(result.recovered ? { recovered: true } : {}),
    ...(position === null ? {} : { epoch: position.epoch, offset: position.offset }),
  })
  if (publications.length === 0) return plain
  const list = publications.map(publicationJson).join(',')
  return `${plain.slice(0, -1)}${plain === '{}' ? '' : ','}"publications":[${list}]}`
}

export function publicationJson({ offset, data, info, tags }: Publication): string {
  return (
    `{"data":${data}` +
    (offset === 0 ? '' : `,"offset":${offset}`) +
    (info === null ? '' : `,"info":${infoJson(info)}`) +
    (tags === null ? '' : `,"tags":${JSON.stringify(tags)}`) +
    '}'
  )
}

export function infoJson({ connectionId, userId, ...info }: ClientInfo): string {
  return (
    `{"user":${JSON.stringify(userId)},"client":${JSON.stringify(connectionId)}` +
    (info.connectionInfo === null ? '' : `,"conn_info":${info.connectionInfo}`) +
    (info.channelInfo === null ? '' : `,"chan_info":${info.channelInfo}`) +
    '}'
  )
}

export function historyJson(
  publications: readonly Publication[],
  { offset, epoch }: StreamPosition,
): string {
  const list = publications.map(publicationJson).join(',')
  return `{"publications":[${list}],"epoch":${JSON.stringify(epoch)},"offset":${offset}}`
}

export function presenceJson(infos: readonly ClientInfo[]): string {
  const entries = infos.map((info) => `${JSON.stringify(info.connectionId)}:${infoJson(info)}`)
  return `{"presence":{${entries.join(',')}}}`
}

export function subscribePush(channel: string, result: SubscribeResult): string {
  return `{"push":{"channel":${JSON.stringify(channel)},"subscribe":${subscribeJson(result)}}}`
}

export function unsubscribePush(channel: string, unsubscribe: CloseFrame): string {
  return JSON.stringify({ push: { channel, unsubscribe } })
}

export function messagePush(data: unknown): string {
  return JSON.stringify({ push: { message: { data } } })
}

export function disconnectPush(disconnect: CloseFrame): string {
  return JSON.stringify({ push: { disconnect } })
}

/** The lines of a batch, one push for each event. */
export function batchLines({ channel, events }: Batch): string[] {
  const name = JSON.stringify(channel)
  return events.map((event) => `{"push":{"channel":${name},${eventJson(event)}}}`)
}

function eventJson(event: ChannelEvent): string {
  return event.kind === 'publication'
    ? `"pub":${publicationJson(event.publication)}`
    : `"${event.kind}":{"info":${infoJson(event.info)}}`
}

/** The most that goes in one message; more of a batch takes several. */
const MESSAGE_CHARS_MAX = 65_536

/** All lines of a batch in as few WebSocket messages as its size allows, in one piece. */
export const WEBSOCKET_ENCODER: BatchEncoder = {
  encode: (batch) => {
    const frames = joinLines(batchLines(batch)).map(textFrame)
    return frames.length === 1 ? (frames[0] ?? EMPTY) : Buffer.concat(frames)
  },
}

/** Lines of a stream of newline-delimited JSON. */
export const STREAM_ENCODER: BatchEncoder = {
  encode: (batch) => Buffer.from(batchLines(batch).map(streamLine).join('')),
}

/** Events of an event stream (https://html.spec.whatwg.org/multipage/server-sent-events.html). */
export const EVENT_ENCODER: BatchEncoder = {
  encode: (batch) => Buffer.from(joinLines(batchLines(batch)).map(eventOf).join('')),
}

const EMPTY = Buffer.alloc(0)

/** A message of a newline-delimited stream. */
export function streamLine(message: string): string {
  return `${message}\n`
}

/** A message of an event stream: each of its lines is a line of data. */
export function eventOf(message: string): string {
  return `data: ${message.replaceAll('\n', '\ndata: ')}\n\n`
}

/** Joins lines into messages of about the largest size; a longer line is a message of its own. */
function joinLines(lines: readonly string[]): string[] {
  const messages: string[] = []
  let message = ''
  for (const line of lines) {
    if (message !== '' && message.length + line.length >= MESSAGE_CHARS_MAX) {
      messages.push(message)
      message = ''
    }
    message = message === '' ? line : `${message}\n${line}`
  }
  if (message !== '') messages.push(message)
  return messages
}
