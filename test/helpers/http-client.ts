import { request } from 'node:http'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  /** Parsed when the body is JSON, else the text. */
  readonly body: Record<string, unknown>
  readonly text: string
}

export interface CallOptions {
  readonly token?: string
  readonly json?: unknown
  /** A body as it is, in place of `json`. */
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

/** One HTTP/1.1 request on a connection of its own. */
export async function call(
  method: string,
  url: string,
  { token, json, text: plain, headers = {} }: CallOptions = {},
): Promise<Answer> {
  const body = json === undefined ? plain : JSON.stringify(json)
  return new Promise((resolve, reject) => {
    const outgoing = request(url, {
      method,
      agent: false,
      headers: {
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        ...headers,
      },
    })
    outgoing.on('error', reject)
    outgoing.on('response', (incoming) => {
      let text = ''
      incoming.setEncoding('utf8')
      incoming.on('data', (chunk: string) => (text += chunk))
      incoming.on('error', reject)
      incoming.on('end', () => {
        const isJson = (incoming.headers['content-type'] ?? '').includes('json')
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          body: isJson && text !== '' ? (JSON.parse(text) as Record<string, unknown>) : {},
          text,
        })
      })
    })
    outgoing.end(body)
  })
}

export interface SignedIn {
  readonly accessToken: string
  readonly refreshToken: string
  readonly sessionId: string
  readonly userId: string
  readonly username: string
}

export const PASSWORD = 'correct horse battery staple'

/** Registers an account over HTTP and signs it in. */
export async function registerAndLogin(httpUrl: string, username: string): Promise<SignedIn> {
  const registered = await call('POST', `${httpUrl}/auth/register`, {
    json: { username, password: PASSWORD },
  })
  if (registered.status !== 201) throw new Error(`register: ${registered.text}`)
  return login(httpUrl, username)
}

/** Signs in over HTTP. */
export async function login(httpUrl: string, username: string): Promise<SignedIn> {
  const answer = await call('POST', `${httpUrl}/auth/login`, {
    json: { username, password: PASSWORD },
  })
  if (answer.status !== 200) throw new Error(`login: ${answer.text}`)
  const body = answer.body as {
    accessToken: string
    refreshToken: string
    session: { id: string }
    user: { id: string }
  }
  return {
    accessToken: body.accessToken,
    refreshToken: body.refreshToken,
    sessionId: body.session.id,
    userId: body.user.id,
    username,
  }
}
