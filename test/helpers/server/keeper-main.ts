/**
 * The keeper process of a test run: `keeper-main.js <run folder>`. It ends when its standard input does,
 * which is when the process that started it is gone.
 */
import { startKeeper } from './keeper.js'
import { baseFolder, ownIdentity, sweepStale } from './run-folder.js'
import { STARTERS } from './starter.js'

const runFolder = process.argv[2]
if (runFolder === undefined) throw new Error('the folder of the run is missing')
const keeper = await startKeeper({ runFolder, starters: STARTERS })

let isEnding = false
function end(): void {
  if (isEnding) return
  isEnding = true
  void close().then(() => process.exit(0))
}
async function close(): Promise<void> {
  await keeper.close()
  await sweepStale(await baseFolder(), await ownIdentity())
}
process.stdin.resume()
process.stdin.once('end', end)
process.stdin.once('error', end)
process.once('SIGTERM', end)
// The one who waits for this line may be gone already.
process.stdout.once('error', () => undefined)
process.stdout.write('ready\n')
