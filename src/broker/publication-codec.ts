import type { ClientInfo, Publication } from '../domain/channel-broker.js'

/**
 * How publications, joins and leaves are written down and sent. A body is its parts' lengths and the parts, so
 * that data which is JSON text already is neither escaped nor parsed on its way: `DATA INFO TAGS\n` and then the
 * three texts; a length of 0 stands for null. Lengths count UTF-16 units.
 */

export type RecordKind = 'publication' | 'join' | 'leave'

/** What is in a body; the place in the stream is written beside it. */
export type PublicationContent = Omit<Publication, 'offset'>

export interface ChannelRecord extends PublicationContent {
  readonly kind: RecordKind
  /** 0 without history. */
  readonly offset: number
  /** Empty without history. */
  readonly epoch: string
}

const LETTERS: Readonly<Record<RecordKind, string>> = { publication: 'p', join: 'j', leave: 'l' }
const KINDS: Readonly<Record<string, RecordKind>> = { p: 'publication', j: 'join', l: 'leave' }

/** The letter that stands for the kind before a body. */
export function letterOf(kind: RecordKind): string {
  return LETTERS[kind]
}

export function kindOf(letter: string): RecordKind | null {
  return Object.hasOwn(KINDS, letter) ? (KINDS[letter] ?? null) : null
}

export function encodeBody({ data, info, tags }: PublicationContent): string {
  const infoText = info === null ? '' : JSON.stringify(info)
  const tagsText = tags === null ? '' : JSON.stringify(tags)
  return `${data.length} ${infoText.length} ${tagsText.length}\n${data}${infoText}${tagsText}`
}

/** The content of a body; null when it is none, for it may come from another version. */
export function decodeBody(body: string): PublicationContent | null {
  const parsed = parseBody(body, 0)
  return parsed?.end === body.length ? parsed.content : null
}

/**
 * The records of a message, one after the other: `LETTER OFFSET EPOCH BODY`, with 0 and `-` where there is no
 * history. Null when it is not made of records.
 */
export function decodeRecords(message: string): readonly ChannelRecord[] | null {
  const records: ChannelRecord[] = []
  let at = 0
  while (at < message.length) {
    const head = HEAD.exec(message.slice(at, at + HEAD_LENGTH_MAX))
    const kind = kindOf(head?.[1] ?? '')
    if (!head || kind === null) return null
    const parsed = parseBody(message, at + head[0].length)
    if (!parsed) return null
    const epoch = head[3] === '-' ? '' : (head[3] ?? '')
    records.push({ kind, offset: Number(head[2]), epoch, ...parsed.content })
    at = parsed.end
  }
  return records
}

const HEAD = /^([a-z]) (\d{1,16}) ([^ \n]{1,64}) /
const HEAD_LENGTH_MAX = 96
const LENGTHS = /^(\d{1,10}) (\d{1,10}) (\d{1,10})$/

function parseBody(text: string, at: number): { content: PublicationContent; end: number } | null {
  const newline = text.indexOf('\n', at)
  const lengths = newline < 0 ? null : LENGTHS.exec(text.slice(at, newline))
  if (!lengths) return null
  const infoAt = newline + 1 + Number(lengths[1])
  const tagsAt = infoAt + Number(lengths[2])
  const end = tagsAt + Number(lengths[3])
  if (end > text.length) return null
  try {
    const info = infoAt === tagsAt ? null : parseInfo(text.slice(infoAt, tagsAt))
    const tags = tagsAt === end ? null : parseTags(text.slice(tagsAt, end))
    return { content: { data: text.slice(newline + 1, infoAt), info, tags }, end }
  } catch {
    return null
  }
}

/** Raises when the text describes no client. */
export function parseInfo(text: string): ClientInfo {
  return toInfo(JSON.parse(text))
}

/** Raises when the value describes no client. */
export function toInfo(value: unknown): ClientInfo {
  const { connectionId, userId, connectionInfo = null, channelInfo = null } = toRecord(value)
  if (typeof connectionId !== 'string' || typeof userId !== 'string') throw notOurs()
  if (!isTextOrNull(connectionInfo) || !isTextOrNull(channelInfo)) throw notOurs()
  return { connectionId, userId, connectionInfo, channelInfo }
}

function parseTags(text: string): Readonly<Record<string, string>> {
  const value = toRecord(JSON.parse(text))
  if (!Object.values(value).every((tag) => typeof tag === 'string')) throw notOurs()
  return value as Record<string, string>
}

function toRecord(value: unknown): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw notOurs()
  return value as Record<string, unknown>
}

function isTextOrNull(value: unknown): value is string | null {
  return value === null || typeof value === 'string'
}

function notOurs(): TypeError {
  return new TypeError('This is not a record of a channel.')
}
