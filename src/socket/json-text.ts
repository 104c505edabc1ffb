const QUOTE = 0x22
const COLON = 0x3a
const COMMA = 0x2c
const BACKSLASH = 0x5c
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const OPEN_BRACE = 0x7b
const CLOSE_BRACE = 0x7d
const SPACE = 0x20

/**
 * The text of a member of an object, as it stands in a JSON text: numbers keep their digits, however many, and members
 * their order. `path` leads to it from the outermost object. Like `JSON.parse`, the last of several members of one
 * name. Undefined when there is none. The text must be valid JSON (RFC 8259): this only looks for where things end.
 */
export function memberText(
  json: string,
  ...path: readonly [string, ...string[]]
): string | undefined {
  let at = skipSpace(json, json.charCodeAt(0) === BYTE_ORDER_MARK ? 1 : 0)
  let end = json.length
  for (const name of path) {
    const range = findMember(json, at, name)
    if (range === null) return undefined
    ;[at, end] = range
  }
  return json.slice(at, end)
}

const BYTE_ORDER_MARK = 0xfeff

/** From where to where the value of the last such member goes. */
function findMember(json: string, objectAt: number, name: string): [number, number] | null {
  if (json.charCodeAt(objectAt) !== OPEN_BRACE) return null
  let found: [number, number] | null = null
  let at = skipSpace(json, objectAt + 1)
  while (json.charCodeAt(at) === QUOTE) {
    const nameEnd = endOfString(json, at)
    const isWanted = nameOf(json.slice(at, nameEnd)) === name
    const colonAt = skipSpace(json, nameEnd)
    if (json.charCodeAt(colonAt) !== COLON) return null
    const valueAt = skipSpace(json, colonAt + 1)
    const valueEnd = endOfValue(json, valueAt)
    if (isWanted) found = [valueAt, valueEnd]
    const next = skipSpace(json, valueEnd)
    if (json.charCodeAt(next) !== COMMA) return found
    at = skipSpace(json, next + 1)
  }
  return found
}

function nameOf(quoted: string): string {
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1)
}

function endOfValue(json: string, start: number): number {
  const first = json.charCodeAt(start)
  if (first === QUOTE) return endOfString(json, start)
  if (first === OPEN_BRACE || first === OPEN_BRACKET) return endOfNested(json, start)
  let at = start
  while (at < json.length && !isEnd(json.charCodeAt(at))) at += 1
  return at
}

/** Counts instead of calling itself: a text may be nested as deeply as it is long. */
function endOfNested(json: string, start: number): number {
  let depth = 0
  let at = start
  while (at < json.length) {
    const code = json.charCodeAt(at)
    if (code === QUOTE) {
      at = endOfString(json, at)
      continue
    }
    at += 1
    if (code === OPEN_BRACE || code === OPEN_BRACKET) depth += 1
    else if ((code === CLOSE_BRACE || code === CLOSE_BRACKET) && --depth === 0) break
  }
  return at
}

function endOfString(json: string, start: number): number {
  for (let quoteAt = json.indexOf('"', start + 1); quoteAt !== -1;) {
    let backslashAt = quoteAt - 1
    while (json.charCodeAt(backslashAt) === BACKSLASH) backslashAt -= 1
    // An odd number of backslashes before it makes the quote a part of the text.
    if ((quoteAt - backslashAt) % 2 === 1) return quoteAt + 1
    quoteAt = json.indexOf('"', quoteAt + 1)
  }
  return json.length
}

function isEnd(code: number): boolean {
  return code === COMMA || code === CLOSE_BRACE || code === CLOSE_BRACKET || code <= SPACE
}

function skipSpace(json: string, start: number): number {
  let at = start
  // Valid JSON has no other characters up to the space but white space between its tokens.
  while (json.charCodeAt(at) <= SPACE) at += 1
  return at
}
