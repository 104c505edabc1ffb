const RETURN_PATH_CHARS_MAX = 1024
/** Only to resolve against; nobody is ever sent there. */
const BASE = 'http://local.invalid'
/** Visible ASCII without the backslash, which browsers read as a slash. */
const LOCAL_PATH = /^\/(?!\/)[\x21-\x5b\x5d-\x7e]*$/

/**
 * A path of this very site, or `/` for anything else: no other host however it is spelled, no scheme, no
 * control characters, no more than 1,024 characters. Dots are resolved.
 */
export function localReturnPath(input: unknown): string {
  if (typeof input !== 'string' || input.length > RETURN_PATH_CHARS_MAX) return '/'
  if (!LOCAL_PATH.test(input) || !URL.canParse(input, BASE)) return '/'
  const { origin, pathname, search, hash } = new URL(input, BASE)
  // What the dots leave over may begin with two slashes, which would name a host.
  return origin === BASE && !pathname.startsWith('//') ? pathname + search + hash : '/'
}

/** The same path with one more parameter in its query. */
export function withParameter(path: string, name: string, value: string): string {
  const url = new URL(path, BASE)
  url.searchParams.set(name, value)
  return url.pathname + url.search + url.hash
}
