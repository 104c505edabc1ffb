/** How an answer is labelled: the type of the GraphQL-over-HTTP draft, or plain JSON. */
export type ResponseType = 'application/graphql-response+json' | 'application/json'

const GRAPHQL = 'application/graphql-response+json'
const JSON_TYPE = 'application/json'
const RANGES_MAX = 32

/**
 * The media type of the answer for an Accept header (RFC 9110 §12.5.1): the one the client prefers, JSON when it
 * does not care, null when it takes neither. (https://graphql.github.io/graphql-over-http/draft/#sec-Accept)
 */
export function chooseResponseType(accept: string | undefined): ResponseType | null {
  if (accept === undefined || accept.trim() === '') return JSON_TYPE
  const ranges = accept.split(',', RANGES_MAX).map(parseRange)
  const graphql = qualityOf(GRAPHQL, ranges)
  const json = qualityOf(JSON_TYPE, ranges)
  if (graphql === 0 && json === 0) return null
  if (graphql === json) {
    // A client that names the new type knows it; one that takes anything gets what everything can read.
    return ranges.some(({ type }) => type === GRAPHQL) ? GRAPHQL : JSON_TYPE
  }
  return graphql > json ? GRAPHQL : JSON_TYPE
}

interface MediaRange {
  readonly type: string
  readonly quality: number
}

function parseRange(text: string): MediaRange {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const quality = parameters.find((parameter) => parameter.startsWith('q='))
  const charset = parameters.find((parameter) => parameter.startsWith('charset='))
  const isOtherCharset = charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)
  const value = quality === undefined ? 1 : Number(quality.slice('q='.length))
  return { type, quality: isOtherCharset || !(value >= 0 && value <= 1) ? 0 : value }
}

/** The most specific range decides. */
function qualityOf(type: string, ranges: readonly MediaRange[]): number {
  for (const candidate of [type, 'application/*', '*/*']) {
    const range = ranges.find((one) => one.type === candidate)
    if (range) return range.quality
  }
  return 0
}
