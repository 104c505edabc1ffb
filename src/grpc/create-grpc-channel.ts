import type { Clock } from '../domain/clock.js'
import type { Logger } from '../domain/logger.js'
import { AppError, toAppError } from '../errors/app-error.js'
import type { CallEntries, ChannelOptions, MethodOf, OpenChannel } from './open-channel.js'
import type { TlsFiles, TlsSource } from './tls/tls-source.js'

export type GrpcChannelOptions = Pick<ChannelOptions, 'address' | 'messageBytesMax'> &
  Partial<Pick<ChannelOptions, 'keepaliveIntervalMs' | 'keepaliveTimeoutMs'>> & {
    /** Without it the line is plain. */
    readonly tls?: ChannelTls
  }

/** How a channel proves itself and what it expects; replaced files are taken up. */
export interface ChannelTls {
  readonly files: TlsFiles
  /** Name in the server's certificate, when it is not the host of the address. */
  readonly serverName: string | null
  readonly clock: Clock
  readonly logger: Logger
  /** How often the files are looked at for a change, in milliseconds. */
  readonly pollIntervalMs?: number
}

/** One line to a gRPC service, shared by all clients of it. */
export interface GrpcChannel {
  /**
   * One unary call, tried again a few times when it is safe and the service cannot be reached. Raises the
   * AppError of its status, UNAVAILABLE when no connection stands within `timeoutMs`, UNAVAILABLE
   * (`channel_closed`) after `close`, and FAILED_PRECONDITION (`tls_file_unusable`) naming a file.
   */
  call<Request, Response>(
    method: MethodOf<Request, Response>,
    request: Request,
    timeoutMs: number,
    entries?: CallEntries,
  ): Promise<Response>
  /** Takes no further call and closes the connection when those under way are over. Safe to call twice. */
  close(): Promise<void>
}

const DEFAULTS = { keepaliveIntervalMs: 30_000, keepaliveTimeoutMs: 10_000 }
const TLS_POLL_MS = 1_000

/**
 * A lazy channel: the gRPC library is loaded and the connection made at the first call, so a process that
 * may never call starts without paying for either.
 */
export function createGrpcChannel(options: GrpcChannelOptions): GrpcChannel {
  return new LazyChannel(options)
}

class LazyChannel implements GrpcChannel {
  readonly #options: GrpcChannelOptions
  #opening: Promise<OpenChannel> | undefined
  #source: TlsSource | undefined
  #closed = false

  constructor(options: GrpcChannelOptions) {
    this.#options = options
  }

  async call<Request, Response>(
    method: MethodOf<Request, Response>,
    request: Request,
    timeoutMs: number,
    entries: CallEntries = {},
  ): Promise<Response> {
    if (this.#closed) throw channelClosed()
    try {
      this.#opening ??= this.#open()
      const channel = await this.#opening
      if (this.#closed) throw channelClosed()
      return await channel.call(method, request, timeoutMs, entries)
    } catch (thrown) {
      throw toAppError(thrown)
    }
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    const channel = await this.#opening?.catch(() => undefined)
    channel?.close()
    this.#source?.close()
  }

  async #open(): Promise<OpenChannel> {
    try {
      const { openChannel } = await import('./open-channel.js')
      const { tls, ...plain } = this.#options
      if (!tls) return openChannel({ ...DEFAULTS, ...plain, tls: null })
      const source = this.#source ?? (await this.#follow(tls))
      const { serverName } = tls
      const material = source.current()
      return openChannel({ ...DEFAULTS, ...plain, tls: { material, serverName } })
    } catch (thrown) {
      // The files may be put right: the next call looks again.
      this.#opening = undefined
      throw thrown
    }
  }

  /** With other certificates begins another connection; calls under way finish on the one before. */
  async #follow(tls: ChannelTls): Promise<TlsSource> {
    const { openTlsSource } = await import('./tls/tls-source.js')
    const { files, clock, logger, pollIntervalMs = TLS_POLL_MS } = tls
    const source = await openTlsSource({ files, clock, logger, pollIntervalMs })
    this.#source = source
    source.onChange(() => {
      const before = this.#opening
      this.#opening = undefined
      void before?.then((channel) => {
        channel.close()
      })
    })
    return source
  }
}

function channelClosed(): AppError {
  return new AppError('UNAVAILABLE', 'channel_closed', 'This process is shutting down.')
}
