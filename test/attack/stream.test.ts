/** WebSockets and gRPC calls of an attacker. */
import { once } from 'node:events'
import {
  credentials,
  makeGenericClientConstructor,
  Metadata,
  type ServiceError,
} from '@grpc/grpc-js'
import t from 'tap'
import { WebSocket } from 'ws'
import { openGrpcClient } from '../helpers/grpc-client.js'
import { openAttackHouse } from './house.js'

const house = await openAttackHouse(t, { 'socket.messagesPerSecondMax': 50 })
const cookie = `_at=${house.ada.accessToken}`

/** The status of a handshake: 101, or that of the refusal. */
async function handshake(path: string, headers: Record<string, string>): Promise<number> {
  const socket = new WebSocket(`ws://${house.socket}${path}`, { headers })
  return new Promise((resolve, reject) => {
    socket.on('open', () => {
      socket.terminate()
      resolve(101)
    })
    socket.on('unexpected-response', (request, response) => {
      request.destroy()
      resolve(response.statusCode ?? 0)
    })
    socket.on('error', (error) => {
      if (!/closed before|hang up/.test(error.message)) reject(error)
    })
  })
}

await t.test(
  'W-01 a page of another site opens no WebSocket, whatever cookies come along',
  async (t) => {
    const origins = ['https://evil.test', 'null', `http://${house.socket}.evil.test`, 'file://']
    for (const path of ['/ws', '/socket_server']) {
      for (const origin of origins) {
        t.equal(await handshake(path, { origin, cookie }), 403, `${path} ${origin}`)
      }
      t.equal(await handshake(path, { origin: `http://${house.socket}` }), 101)
    }
  },
)

await t.test(
  'W-02 cookies alone open nothing: the first message must bring the token',
  async (t) => {
    const socket = new WebSocket(`ws://${house.socket}/ws`, { headers: { cookie } })
    t.teardown(() => socket.terminate())
    await once(socket, 'open')
    socket.send(JSON.stringify({ event: 'e' }))
    const [code] = (await once(socket, 'close')) as [number]
    t.ok([4400, 4401].includes(code), String(code))
  },
)

await t.test('W-07 too large, too many, too fast', async (t) => {
  const open = async () => {
    const socket = new WebSocket(`ws://${house.socket}/socket_server`)
    t.teardown(() => socket.terminate())
    await once(socket, 'open')
    socket.on('error', () => undefined)
    return socket
  }
  const large = await open()
  large.send('x'.repeat(1 << 20))
  t.equal(((await once(large, 'close')) as [number])[0], 1009)
  const fast = await open()
  for (let index = 0; index < 200; index += 1) fast.send('x')
  const [code, reason] = (await once(fast, 'close')) as [number, Buffer]
  t.equal(code, 4429)
  t.equal(reason.toString(), 'rate_limited')
})

await t.test('W-08 gRPC calls with wrong credentials reach no handler', async (t) => {
  const before = house.state()
  const Client = makeGenericClientConstructor(
    {
      Verify: {
        path: '/gatehouse.v1.SessionService/Verify',
        requestStream: false,
        responseStream: false,
        requestSerialize: (value: Buffer) => value,
        requestDeserialize: (value: Buffer) => value,
        responseSerialize: (value: Buffer) => value,
        responseDeserialize: (value: Buffer) => value,
      },
    },
    'SessionService',
  )
  const client = new Client(house.grpc, credentials.createInsecure())
  t.teardown(() => client.close())
  const call = (metadata: Metadata): Promise<ServiceError | null> =>
    new Promise((resolve) => {
      const verify = client['Verify'] as (
        request: Buffer,
        metadata: Metadata,
        done: (error: ServiceError | null) => void,
      ) => void
      verify.call(client, Buffer.alloc(0), metadata, resolve)
    })
  const withKeys = (...keys: (string | Buffer)[]): Metadata => {
    const metadata = new Metadata()
    for (const key of keys) {
      if (typeof key === 'string') metadata.add('x-api-key', key)
      else metadata.add('x-api-key-bin', key)
    }
    return metadata
  }
  const right = house.config.api.key
  const wrong = [
    withKeys(),
    withKeys('wrong'),
    withKeys(right, 'wrong'),
    withKeys(Buffer.from(right)),
  ]
  for (const metadata of wrong) {
    const error = await call(metadata)
    t.equal(error?.code, 16)
    t.strictSame(error?.metadata.get('reason'), ['api_key_invalid'])
  }
  t.equal(house.state(), before)
})

await t.test('W-09 nobody verifies tokens without the key of a sibling service', async (t) => {
  const ask = openGrpcClient(t, house.grpc, 'session', null)
  const error = await ask('Verify', { access_token: house.ada.accessToken }).catch(
    (thrown: unknown) => thrown as ServiceError,
  )
  t.match(error, { code: 16, details: 'This method needs one valid x-api-key.' })
})

await t.test('W-11 compression is not offered, so there is no bomb to unpack', async (t) => {
  const socket = new WebSocket(`ws://${house.socket}/socket_server`, { perMessageDeflate: true })
  t.teardown(() => socket.terminate())
  await once(socket, 'open')
  t.equal(socket.extensions, '')
})
