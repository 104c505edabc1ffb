import type { Metadata, ServerInterceptingCallInterface } from '@grpc/grpc-js'
import { AppError } from '../../errors/app-error.js'
import { attachCallRecord } from '../call-record.js'
import type { StreamGate } from '../stream-gate.js'
import { GuardedCall, type GuardDeps, type InboundListener } from './guarded-call.js'

/** A call that streams: guarded here, taken up by grpc-js and the handler that is registered there. */
export class StreamCall extends GuardedCall {
  readonly #streams: StreamGate
  #listener: InboundListener | undefined
  #leave: (() => void) | undefined

  constructor(
    path: string,
    call: ServerInterceptingCallInterface,
    deps: GuardDeps & { readonly streams: StreamGate },
  ) {
    super(path, call, deps)
    this.#streams = deps.streams
  }

  override start(listener: InboundListener): void {
    this.#listener = listener
    this.call.start(this)
  }

  override onReceiveMessage(message: unknown): void {
    if (this.cancelled) return
    this.received = true
    this.#listener?.onReceiveMessage(message)
  }

  override onReceiveHalfClose(): void {
    if (!this.cancelled) this.#listener?.onReceiveHalfClose()
  }

  override onCancel(): void {
    this.#leave?.()
    super.onCancel()
    this.#listener?.onCancel()
  }

  protected override begin(metadata: Metadata): AppError | undefined {
    const place = this.#streams.enter(this.peer)
    if (place instanceof AppError) return place
    this.#leave = place
    attachCallRecord(metadata, this.record)
    this.#listener?.onReceiveMetadata(metadata)
    return undefined
  }
}
