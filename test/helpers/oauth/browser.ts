import { type Answer, call } from '../http-client.js'

const REDIRECTS_MAX = 20
const HTML = 'text/html,application/xhtml+xml,*/*;q=0.8'

export interface Page extends Answer {
  /** Where the redirects have led. */
  readonly url: string
}

/** As much of a browser as signing in with a provider takes: cookies by host, redirects, forms. */
export interface Browser {
  /** Goes to an address, and on wherever it leads, but not to an address that `stopAt` is true for. */
  go(url: string, stopAt?: (url: string) => boolean): Promise<Page>
  /** Sends the one form of a page. */
  submit(
    page: Page,
    fields: Readonly<Record<string, string>>,
    stopAt?: (url: string) => boolean,
  ): Promise<Page>
  /** The Cookie header for a host. */
  cookies(url: string): string
}

export function createBrowser(
  headers: Readonly<Record<string, string>> = { accept: HTML },
): Browser {
  const jars = new Map<string, Map<string, string>>()

  function jarOf(url: string): Map<string, string> {
    const { host } = new URL(url)
    const jar = jars.get(host) ?? new Map<string, string>()
    jars.set(host, jar)
    return jar
  }
  function keep(url: string, answer: Answer): void {
    for (const cookie of [answer.headers['set-cookie'] ?? []].flat()) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
      const isOver = /max-age=0|expires=thu, 01 jan 1970/i.test(cookie)
      if (isOver) jarOf(url).delete(name)
      else jarOf(url).set(name, value)
    }
  }
  function cookies(url: string): string {
    return [...jarOf(url)].map(([name, value]) => `${name}=${value}`).join('; ')
  }
  async function ask(url: string, form: string | null): Promise<Answer> {
    const answer = await call(form === null ? 'GET' : 'POST', url, {
      headers: {
        ...headers,
        cookie: cookies(url),
        ...(form === null ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
      },
      ...(form === null ? {} : { text: form }),
    })
    keep(url, answer)
    return answer
  }
  async function follow(
    from: string,
    form: string | null,
    stopAt: (url: string) => boolean,
  ): Promise<Page> {
    let [url, sent] = [from, form]
    for (let hop = 0; hop < REDIRECTS_MAX; hop += 1) {
      const answer = await ask(url, sent)
      const { location } = answer.headers
      if (answer.status < 300 || answer.status >= 400 || typeof location !== 'string') {
        return { ...answer, url }
      }
      url = new URL(location, url).href
      sent = null
      if (stopAt(url)) return { ...answer, url }
    }
    throw new Error(`redirects without end, last to ${url}`)
  }

  return {
    cookies,
    go: (url, stopAt = () => false) => follow(url, null, stopAt),
    submit(page, fields, stopAt = () => false) {
      const action = /<form[^>]* action="([^"]+)"/.exec(page.text)?.[1]
      if (action === undefined)
        throw new Error(`no form at ${page.url}: ${page.text.slice(0, 200)}`)
      const target = new URL(action.replaceAll('&amp;', '&'), page.url).href
      return follow(target, new URLSearchParams(fields).toString(), stopAt)
    },
  }
}
