import { once } from 'node:events'
import { readFileSync, realpathSync } from 'node:fs'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { claimPort, releasePort } from './free-port.js'
import { processState } from './process-folder.js'
import { type ServerNode, startServerNode } from './server-node.js'

const options = { skip: process.platform === 'linux' ? false : 'needs /proc' }
const HOST = '127.0.0.1'

/** Answers each connection with its process id; notes an orderly end in a file, or refuses it. */
const SERVER = `
import { appendFileSync } from 'node:fs'
import { createServer } from 'node:net'
const [port, manners] = process.argv.slice(1)
process.on('SIGTERM', () => { appendFileSync('ends', 'T'); if (manners === 'polite') process.exit(0) })
console.log('starting')
createServer((socket) => socket.end(String(process.pid))).listen(Number(port), '${HOST}')
`

async function ask(port: number): Promise<string> {
  const socket = connect(port, HOST)
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString()))
  await once(socket, 'close')
  return text
}

async function startNode(t: Test, manners: 'polite' | 'rude' = 'polite'): Promise<ServerNode> {
  const port = await claimPort()
  const node = await startServerNode({
    name: 'probe',
    host: HOST,
    port,
    folder: realpathSync(t.testdir({})),
    command: process.execPath,
    args: ['--input-type=module', '-e', SERVER, String(port), manners],
    isReady: async (pid) => (await ask(port)) === String(pid),
  })
  t.teardown(async () => {
    await node.kill()
    await releasePort(port)
  })
  return node
}

await t.test('a node answers as soon as it is started', options, async (t) => {
  const node = await startNode(t)
  t.equal(await ask(node.port), String(node.pid()))
  t.match(await node.log(), /starting/)
})

await t.test(
  'kill gives no chance, and restart uses the same port and folder',
  options,
  async (t) => {
    const node = await startNode(t)
    const before = node.pid()
    await node.kill()
    t.equal(node.pid(), null)
    t.equal(await processState(before ?? 0), null)
    await t.rejects(ask(node.port), { code: 'ECONNREFUSED' })
    t.throws(() => readFileSync(`${node.folder}/ends`), { code: 'ENOENT' })
    await node.kill()

    await node.restart()
    t.not(node.pid(), before)
    t.equal(await ask(node.port), String(node.pid()))
    t.equal((await node.log()).match(/starting/g)?.length, 2)
  },
)

await t.test('stop is orderly, and so is the restart of a running node', options, async (t) => {
  const node = await startNode(t)
  await node.restart()
  t.equal(readFileSync(`${node.folder}/ends`, 'utf8'), 'T')
  await node.stop()
  t.equal(readFileSync(`${node.folder}/ends`, 'utf8'), 'TT')
  t.equal(node.pid(), null)
  await node.stop()
  await t.rejects(node.pause(), { message: 'probe does not run' })
  node.resume()
})

await t.test('a paused node holds its connections and answers when resumed', options, async (t) => {
  const node = await startNode(t)
  await node.pause()
  t.equal(await processState(node.pid() ?? 0), 'T')
  const socket = connect(node.port, HOST)
  t.teardown(() => socket.destroy())
  await once(socket, 'connect')
  const answer = once(socket, 'data')
  t.equal(socket.bytesRead, 0)
  node.resume()
  t.equal(String((await answer)[0]), String(node.pid()))
})

await t.test('a paused node can be stopped and killed', options, async (t) => {
  const node = await startNode(t)
  await node.pause()
  await node.stop()
  t.equal(readFileSync(`${node.folder}/ends`, 'utf8'), 'T')
  await node.restart()
  await node.pause()
  await node.kill()
  t.equal(node.pid(), null)
})

await t.test('a server that ends while starting fails with what it printed', options, async (t) => {
  const start = startServerNode({
    name: 'broken',
    host: HOST,
    port: 1,
    folder: realpathSync(t.testdir({})),
    command: process.execPath,
    args: ['-e', 'console.error("no such table"); process.exit(3)'],
    isReady: async () => false,
  })
  await t.rejects(start, { message: /broken did not start: no such table/ })
})

await t.test('a server that never answers is ended after its deadline', options, async (t) => {
  let seenPid = 0
  const start = startServerNode({
    name: 'mute',
    host: HOST,
    port: 1,
    folder: realpathSync(t.testdir({})),
    command: process.execPath,
    args: ['-e', 'console.log("here"); setInterval(() => {}, 1000)'],
    startDeadlineMs: 200,
    isReady: async (pid) => {
      seenPid = pid
      throw new Error('refused')
    },
  })
  await t.rejects(start, { message: /mute did not start/, cause: { message: /not within 200 ms/ } })
  t.not(seenPid, 0)
  t.equal(await processState(seenPid), null)
})

await t.test('a server that cannot be run fails', options, async (t) => {
  const start = startServerNode({
    name: 'absent',
    host: HOST,
    port: 1,
    folder: realpathSync(t.testdir({})),
    command: '/nonexistent/server',
    args: [],
    isReady: async () => true,
  })
  await t.rejects(start, { code: 'ENOENT' })
})

await t.test(
  'a server that ignores SIGTERM is killed, and that is an error',
  options,
  async (t) => {
    const node = await startNode(t, 'rude')
    await t.rejects(node.stop(200), { message: 'probe did not stop by itself' })
    t.equal(node.pid(), null)
  },
)
