import type { ExecutionArgs, ExecutionResult, FormattedExecutionResult } from 'graphql'
import { makeServer } from 'graphql-ws'
import { AppError } from '../../../errors/app-error.js'
import type { GraphqlEngine } from '../engine.js'
import { toGraphqlErrors } from '../graphql-error.js'
import { readPingToken } from './init-payload.js'
import type { SocketLine } from './socket-line.js'
import { startOperation, type StartedOperation } from './started-operation.js'
import type { TabLine } from './tab-line.js'

/** One line that speaks a protocol. */
export interface Protocol {
  /** One text message. A failure of the protocol closes the line. */
  receive(text: string): void
  tick(nowMs: number): void
  /** The line is closing: ends what is under way. */
  release(): void
}

/** Gives a line its protocol. */
export type ProtocolFactory = (line: SocketLine, tab: TabLine) => Protocol

interface Extra {
  readonly tab: TabLine
}

/** The library hands back what `onSubscribe` gave it. What comes out is formatted already, see `onNext`. */
function runStarted({ contextValue }: ExecutionArgs): Promise<ExecutionResult> {
  return (contextValue as StartedOperation).run() as Promise<ExecutionResult>
}

/**
 * The sub-protocol `graphql-transport-ws` (https://github.com/enisdenjo/graphql-ws/blob/master/PROTOCOL.md), spoken by
 * graphql-ws. A ping with `{"accessToken": …}` as its payload lets the line outlive its first token.
 */
export function createTransportProtocol(
  engine: GraphqlEngine,
  initTimeoutMs: number,
): ProtocolFactory {
  const server = makeServer<Record<string, unknown>, Extra>({
    connectionInitWaitTimeout: initTimeoutMs,
    onConnect: async ({ connectionParams, extra }) => {
      try {
        await extra.tab.initialise(connectionParams)
        return true
      } catch (error) {
        extra.tab.fail(error)
        return false
      }
    },
    onPing: async ({ extra }, payload) => {
      const token = readPingToken(payload)
      if (token !== null) await extra.tab.renew(token)
    },
    onSubscribe: async ({ extra }, _id, payload) => {
      const started = await startOperation(engine, extra.tab, payload)
      if (!started.ok) return toGraphqlErrors(started.errors)
      const { document, name } = started.operation
      return { schema: engine.schema, document, operationName: name, contextValue: started }
    },
    execute: runStarted,
    subscribe: runStarted,
    // Results and errors come formatted from the engine; what graphql-ws would make of them has lost its reasons.
    onNext: (_context, _id, _payload, _args, result) => result as FormattedExecutionResult,
    onError: (_context, _id, _payload, errors) =>
      errors.map(({ message, extensions }) => ({
        message,
        extensions,
      })),
  })

  return (line, tab) => {
    let deliver: (text: string) => Promise<void> = () => Promise.resolve()
    const closed = server.opened(
      {
        protocol: 'graphql-transport-ws',
        send: (text) => {
          line.send(text)
        },
        close: (code, reason) => line.close(code ?? CLOSE_NORMAL, reason ?? ''),
        onMessage: (handler) => {
          deliver = handler
        },
        onPong: () => undefined,
      },
      { tab },
    )
    return {
      receive(text) {
        deliver(text).catch((thrown: unknown) => {
          tab.fail(thrown instanceof AppError ? thrown : unexpected(thrown))
        })
      },
      tick: () => undefined,
      release: () => {
        closed(CLOSE_NORMAL, '').catch((error: unknown) => tab.fail(error))
      },
    }
  }
}

const CLOSE_NORMAL = 1000

/** The library throws for a message that only a server may send; anything else is our own failure. */
function unexpected(thrown: unknown): unknown {
  const isPeersFault = thrown instanceof Error && /^Unexpected message of type/.test(thrown.message)
  if (!isPeersFault) return thrown
  return new AppError('INVALID_ARGUMENT', 'frame_malformed', 'A client does not send this message.')
}
