import { AppError, toAppError } from '../errors/app-error.js'
import type { ChannelOptions, MethodOf, OpenChannel } from './open-channel.js'

export type GrpcChannelOptions = Pick<ChannelOptions, 'address' | 'messageBytesMax'> &
  Partial<ChannelOptions>

/** One line to a gRPC service, shared by all clients of it. */
export interface GrpcChannel {
  /**
   * One unary call. Raises the AppError of its status, UNAVAILABLE when no connection stands within
   * `timeoutMs`, and UNAVAILABLE (`channel_closed`) after `close`.
   */
  call<Request, Response>(
    method: MethodOf<Request, Response>,
    request: Request,
    timeoutMs: number,
  ): Promise<Response>
  /** Takes no further call and closes the connection when those under way are over. Safe to call twice. */
  close(): Promise<void>
}

const DEFAULTS = { keepaliveIntervalMs: 30_000, keepaliveTimeoutMs: 10_000 }

/**
 * A lazy channel: the gRPC library is loaded and the connection made at the first call, so a process that
 * may never call starts without paying for either.
 */
export function createGrpcChannel(options: GrpcChannelOptions): GrpcChannel {
  let opening: Promise<OpenChannel> | undefined
  let closed = false

  async function open(): Promise<OpenChannel> {
    const { openChannel } = await import('./open-channel.js')
    return openChannel({ ...DEFAULTS, ...options })
  }

  return {
    async call(method, request, timeoutMs) {
      if (closed) throw channelClosed()
      try {
        opening ??= open()
        const channel = await opening
        if (closed) throw channelClosed()
        return await channel.call(method, request, timeoutMs)
      } catch (thrown) {
        throw toAppError(thrown)
      }
    },
    async close() {
      if (closed) return
      closed = true
      const channel = await opening?.catch(() => undefined)
      channel?.close()
    },
  }
}

function channelClosed(): AppError {
  return new AppError('UNAVAILABLE', 'channel_closed', 'This process is shutting down.')
}
