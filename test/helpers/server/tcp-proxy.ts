import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { setTimeout as pause } from 'node:timers/promises'

const HOST = '127.0.0.1'
/** Bytes a connection may have under way inside of the proxy, per direction, before it stops reading. */
const BUFFERED_BYTES_MAX = 1024 * 1024

/** The way of bytes from one peer to the other. */
export type Direction = 'client-to-server' | 'server-to-client'

export interface TcpProxyCounts {
  /** Connections since the start. */
  readonly accepted: number
  /** Connections that are open now. */
  readonly open: number
  /** Bytes handed on, not those held back. */
  readonly bytesToServer: number
  readonly bytesToClient: number
}

/**
 * A wire that can be damaged. Bytes keep their order and none is lost on a connection that lives: what is
 * held back is delivered by `restore()`, as TCP does once the network is whole again.
 */
export interface TcpProxy {
  readonly host: string
  readonly port: number
  readonly counts: () => TcpProxyCounts
  /** Destroys every connection and refuses new ones (ECONNREFUSED), as a dead server does. */
  readonly cut: () => Promise<void>
  /**
   * Accepts connections and keeps the open ones, but moves nothing: no byte, no end, no reset. The peers
   * cannot tell a slow answer from a lost network.
   */
  readonly stall: () => void
  /** Moves bytes in the other direction only: one peer still hears, and is not heard. */
  readonly halfOpen: (swallowed: Direction) => void
  /**
   * Destroys the connections whose client has sent a chunk that `mark` knows, and each other one as soon as
   * it does; the rest of them goes on.
   */
  readonly cutMarked: () => void
  /** Delivers every chunk this much later, in both directions; 0 ends it. */
  readonly delay: (delayMs: number) => void
  /** Ends `cut()`, `stall()`, `halfOpen()` and `cutMarked()`; resolves when connections are accepted again. */
  readonly restore: () => Promise<void>
  /** Points new connections at another server. */
  readonly retarget: (target: TcpTarget) => void
  readonly close: () => Promise<void>
}

export interface TcpTarget {
  readonly host: string
  readonly port: number
}

/** A gate that stands open or holds everybody until it is opened. */
interface Gate {
  hold(): void
  open(): void
  passed(): Promise<void>
}

interface State {
  readonly gates: Readonly<Record<Direction, Gate>>
  readonly links: Set<() => void>
  readonly mark: (chunk: Buffer) => boolean
  readonly marked: Set<() => void>
  isMarkedCut: boolean
  target: TcpTarget
  delayMs: number
  accepted: number
  bytes: Record<Direction, number>
}

export interface TcpProxyOptions {
  readonly target: TcpTarget
  /** What marks a connection when its client sends it, for `cutMarked()`; nothing by default. */
  readonly mark?: (chunk: Buffer) => boolean
}

/** Starts a proxy in front of `target` on a port of its own. */
export async function startTcpProxy({
  target,
  mark = () => false,
}: TcpProxyOptions): Promise<TcpProxy> {
  const state: State = {
    gates: { 'client-to-server': createGate(), 'server-to-client': createGate() },
    links: new Set(),
    ...{ mark, marked: new Set(), isMarkedCut: false },
    target,
    delayMs: 0,
    accepted: 0,
    bytes: { 'client-to-server': 0, 'server-to-client': 0 },
  }
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    void carry(state, client)
  })
  const gates = Object.values(state.gates)

  async function listen(port: number): Promise<void> {
    server.listen(port, HOST)
    await once(server, 'listening')
  }
  async function cut(): Promise<void> {
    const isClosed = server.listening ? once(server, 'close') : null
    server.close()
    for (const destroy of state.links) destroy()
    for (const gate of gates) gate.open()
    await isClosed
  }

  await listen(0)
  const { port } = server.address() as AddressInfo
  return {
    host: HOST,
    port,
    counts: () => ({
      accepted: state.accepted,
      open: state.links.size,
      bytesToServer: state.bytes['client-to-server'],
      bytesToClient: state.bytes['server-to-client'],
    }),
    cut,
    stall() {
      for (const gate of gates) gate.hold()
    },
    halfOpen(swallowed) {
      for (const gate of gates) gate.open()
      state.gates[swallowed].hold()
    },
    cutMarked() {
      state.isMarkedCut = true
      for (const destroy of state.marked) destroy()
    },
    delay(delayMs) {
      state.delayMs = delayMs
    },
    async restore() {
      state.isMarkedCut = false
      for (const gate of gates) gate.open()
      if (!server.listening) await listen(port)
    },
    retarget(next) {
      state.target = next
    },
    close: cut,
  }
}

/** Carries one connection until both peers are gone. */
async function carry(state: State, client: Socket): Promise<void> {
  const sockets = [client]
  const destroy = (): void => {
    state.links.delete(destroy)
    state.marked.delete(destroy)
    for (const socket of sockets) socket.destroy()
  }
  state.accepted += 1
  state.links.add(destroy)
  client.on('error', () => undefined) // The 'close' that follows says the same.
  // On a stalled wire not even the handshake gets through.
  for (const gate of Object.values(state.gates)) await gate.passed()
  if (client.destroyed) {
    destroy()
    return
  }
  const server = connect({ ...state.target, allowHalfOpen: true, noDelay: true })
  sockets.push(server)
  server.on('error', () => undefined)
  pump(state, { direction: 'client-to-server', source: client, sink: server, destroy })
  pump(state, { direction: 'server-to-client', source: server, sink: client, destroy })
  await Promise.all(sockets.map((socket) => happened(socket, 'close')))
  destroy()
}

interface Lane {
  readonly direction: Direction
  readonly source: Socket
  readonly sink: Socket
  /** Ends the whole connection. */
  readonly destroy: () => void
}

/** Moves one direction: in order, each chunk not before its time and never through a held gate. */
function pump(state: State, { direction, source, sink, destroy }: Lane): void {
  const gate = state.gates[direction]
  let tail = Promise.resolve()
  let bufferedBytes = 0

  async function deliver(chunk: Buffer, dueMs: number): Promise<void> {
    // A timer may fire a little early.
    for (let waitMs = dueMs - performance.now(); waitMs > 0; waitMs = dueMs - performance.now()) {
      await pause(waitMs, undefined, { ref: false })
    }
    await gate.passed()
    if (!sink.writable) return
    state.bytes[direction] += chunk.length
    if (!sink.write(chunk)) await happened(sink, 'drain', 'close')
    bufferedBytes -= chunk.length
    if (source.isPaused() && bufferedBytes < BUFFERED_BYTES_MAX) source.resume()
  }

  source.on('data', (chunk) => {
    if (direction === 'client-to-server' && state.mark(chunk)) {
      state.marked.add(destroy)
      if (state.isMarkedCut) {
        destroy()
        return
      }
    }
    bufferedBytes += chunk.length
    if (bufferedBytes >= BUFFERED_BYTES_MAX) source.pause()
    const dueMs = state.delayMs === 0 ? 0 : performance.now() + state.delayMs
    tail = tail.then(() => deliver(chunk, dueMs)).catch(destroy)
  })
  source.once('end', () => {
    tail = tail.then(() => gate.passed()).then(() => void sink.end())
  })
  // A reset takes the same way as the bytes: behind them, and not through a held gate.
  source.once('close', (hadError) => {
    if (hadError) tail = tail.then(() => gate.passed()).then(destroy)
  })
}

/** Resolves at the first of the events; unlike `once` of node:events an 'error' does not reject it. */
function happened(socket: Socket, ...events: readonly ('close' | 'drain')[]): Promise<void> {
  return new Promise((resolve) => {
    function settle(): void {
      for (const event of events) socket.removeListener(event, settle)
      resolve()
    }
    for (const event of events) socket.once(event, settle)
  })
}

function createGate(): Gate {
  let opened = Promise.resolve()
  let open: (() => void) | null = null
  return {
    hold() {
      if (open !== null) return
      opened = new Promise((resolve) => (open = resolve))
    },
    open() {
      open?.()
      open = null
    },
    async passed() {
      // It may have been held again before the waiter came to run.
      while (open !== null) await opened
    },
  }
}
