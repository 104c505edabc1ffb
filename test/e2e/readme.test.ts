/** The commands of the README work as printed. Only the ports and the path of the binary differ. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import { appEnv, BINARY, startApp } from '../helpers/app-process.js'

const README = readFileSync(`${PACKAGE_ROOT}README.md`, 'utf8')

/** The bash blocks of one section, joined. */
function commandsOf(section: string): string {
  const text = README.split(/^## /m).find((part) => part.startsWith(section)) ?? ''
  return [...text.matchAll(/```bash\n(.*?)```/gs)].map(([, block]) => block).join('\n')
}

const hasCurl = spawnSync('curl', ['--version']).status === 0

await t.test(
  'README: the commands of "Try it" show the promise',
  { skip: hasCurl ? false : 'curl is not installed' },
  async (t) => {
    const dataDir = t.testdir()
    const app = await startApp(t, 'up', { dataDir, env: { APP_ENV: 'debug' } })
    const script = commandsOf('Try it')
      .replaceAll('127.0.0.1:8080', app.address('http'))
      .replaceAll('127.0.0.1:30000', app.address('socket'))
      .replaceAll('npx app', `'${process.execPath}' '${BINARY}'`)
    t.match(script, /auth\/register/)
    const shell = spawn('bash', ['-eu', '-c', script], { env: appEnv({ dataDir }) })
    let output = ''
    shell.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    shell.stderr.setEncoding('utf8').on('data', (chunk: string) => (output += chunk))
    await once(shell, 'close')
    t.match(output, /"username":"ada"/)
    t.match(output, /"registered":"news"/, 'the WebSocket is registered')
    t.match(output, /"delivered":1/, 'the push reached it')
    // Two programs write to one pipe: the line may begin after what the other has not ended yet.
    t.match(output, /hello, ada$/m, 'the message arrived')
    t.match(output, /"ended":1,"connectionsClosed":1/)
    t.match(output, /HTTP\/1\.1 401/)
    t.match(output, /"reason":"ended_by_user"/)
    t.match(output, /4401/, 'the close code is shown')
    t.same(await app.stop(), { code: 0, signal: null })
  },
)

await t.test('README: names the two commands and only scripts that exist', async (t) => {
  const { scripts } = JSON.parse(readFileSync(`${PACKAGE_ROOT}package.json`, 'utf8')) as {
    scripts: Record<string, string>
  }
  t.match(README, /^npm ci && npm start$/m)
  t.match(README, /^npm ci && npm test$/m)
  for (const [, name = ''] of README.matchAll(/npm run ([a-z]+)/g)) {
    t.ok(scripts[name], `npm run ${name}`)
  }
})
