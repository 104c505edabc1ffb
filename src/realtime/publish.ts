import type { ChannelBroker, ClientInfo, PublishOutcome } from '../domain/channel-broker.js'
import { AppError, invalidArgument } from '../errors/app-error.js'
import { TOO_LARGE_REASON } from '../errors/code.js'
import { showChannel } from './channel-name.js'
import { type Channel, hasHistory } from './namespace.js'
import { RECEIPT_TAG } from './receipt-log.js'

/** The largest data of a publication, in bytes of JSON text. */
export const PUBLICATION_BYTES_MAX = 65_536
const TAGS_MAX = 16
const TAG_BYTES_MAX = 256
const IDEMPOTENCY_KEY_BYTES_MAX = 128
const IDEMPOTENCY_LIFETIME_MS = 300_000
const SECOND_MS = 1_000

export interface ChannelPublication {
  /** JSON text. */
  readonly data: string
  readonly info?: ClientInfo
  readonly tags?: Readonly<Record<string, string>>
  readonly idempotencyKey?: string
  readonly skipHistory?: boolean
  /** Under which every process notes what it delivered. */
  readonly receiptId?: string
}

/**
 * Publishes under the rules of the channel. Raises INVALID_ARGUMENT for data that is no JSON text and for tags or a
 * key over their limits, RESOURCE_EXHAUSTED (`too_large`) for data over 65,536 bytes, UNAVAILABLE.
 */
export async function publishTo(
  broker: ChannelBroker,
  { name, rules }: Channel,
  publication: ChannelPublication,
): Promise<PublishOutcome> {
  const { idempotencyKey, skipHistory, receiptId, info } = publication
  const data = oneLineJson(publication.data, name.channel)
  const tags = checkTags(publication.tags)
  checkKey(idempotencyKey)
  const isKept = hasHistory(rules) && skipHistory !== true
  return broker.publish(name.channel, data, {
    history: isKept
      ? { size: rules.historySize, lifetimeMs: rules.historySeconds * SECOND_MS }
      : null,
    idempotency:
      idempotencyKey === undefined
        ? null
        : { key: idempotencyKey, lifetimeMs: IDEMPOTENCY_LIFETIME_MS },
    info: info ?? null,
    tags: receiptId === undefined ? tags : { ...tags, [RECEIPT_TAG]: receiptId },
  })
}

/** The JSON text as it came, but without line breaks: the client protocol has one message a line. */
function oneLineJson(text: string, channel: string): string {
  if (Buffer.byteLength(text) > PUBLICATION_BYTES_MAX) {
    const message = `A publication to ${showChannel(channel)} has at most ${PUBLICATION_BYTES_MAX} bytes.`
    throw new AppError('RESOURCE_EXHAUSTED', TOO_LARGE_REASON, message)
  }
  try {
    JSON.parse(text)
  } catch {
    const message = `The data for ${showChannel(channel)} is not JSON.`
    throw invalidArgument(message, [{ path: 'data', message }])
  }
  // In valid JSON they only stand between tokens: a text has them escaped.
  return text.replaceAll(/[\r\n]+/g, ' ')
}

function checkTags(
  tags: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> | null {
  const entries = Object.entries(tags ?? {})
  if (entries.length === 0) return null
  const fits =
    entries.length <= TAGS_MAX &&
    entries.every(
      ([key, value]) =>
        Buffer.byteLength(key) <= TAG_BYTES_MAX && Buffer.byteLength(value) <= TAG_BYTES_MAX,
    )
  if (fits && tags?.[RECEIPT_TAG] === undefined) return { ...tags }
  const message = `At most ${TAGS_MAX} tags, ${TAG_BYTES_MAX} bytes each; "${RECEIPT_TAG}" is taken.`
  throw invalidArgument(message, [{ path: 'tags', message }])
}

function checkKey(key: string | undefined): void {
  if (key === undefined) return
  const bytes = Buffer.byteLength(key)
  // A store may cut a text at NUL, and then two keys would be one.
  if (bytes > 0 && bytes <= IDEMPOTENCY_KEY_BYTES_MAX && !hasControls(key)) return
  const message = `An idempotency key has 1 to ${IDEMPOTENCY_KEY_BYTES_MAX} bytes, none of them a control character.`
  throw invalidArgument(message, [{ path: 'idempotencyKey', message }])
}

function hasControls(text: string): boolean {
  return /\p{Cc}/u.test(text)
}
