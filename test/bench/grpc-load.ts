/** grpc-load.js ADDRESS METHOD KEY CALLS TOKENS (by commas): calls as fast as answers come; prints their seconds. */
import { Client, credentials, Metadata } from '@grpc/grpc-js'
import { loadProtos } from '../../src/grpc/proto.js'

const LINES = 32
const [address = '', name = '', key = '', count = '1', list = ''] = process.argv.slice(2)
const accessTokens = list.split(',')
const { Verify, VerifyBatch } = loadProtos().session
const isBatch = name === 'VerifyBatch'
const path = isBatch ? VerifyBatch.path : Verify.path
const request = isBatch
  ? VerifyBatch.requestSerialize({ accessTokens })
  : Verify.requestSerialize({ accessToken: accessTokens[0] ?? '' })
const metadata = new Metadata()
metadata.set('x-api-key', key)
const client = new Client(address, credentials.createInsecure())
let left = Number(count)

function call(): Promise<void> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (bytes: Buffer) => bytes,
      (bytes: Buffer) => bytes,
      request,
      metadata,
      (error) => (error ? reject(error) : resolve()),
    )
  })
}

async function line(): Promise<void> {
  while (left > 0) {
    left -= 1
    await call()
  }
}

const startedAt = performance.now()
await Promise.all(Array.from({ length: isBatch ? 4 : LINES }, line))
client.close()
process.stdout.write(JSON.stringify({ seconds: (performance.now() - startedAt) / 1_000 }))
