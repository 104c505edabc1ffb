/** The page of the API document, by HTTP and in a real browser. */
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import t, { type Test } from 'tap'
import { httpService } from '../../../src/app/http-service.js'
import { formatAddress } from '../../../src/errors/listen-error.js'
import { call } from '../../helpers/http-client.js'
import { openTestCore } from '../../helpers/test-core.js'

const CHROMIUM = '/usr/bin/chromium'
const skip = existsSync(CHROMIUM) ? false : `no browser at ${CHROMIUM}`

async function openHttp(t: Test): Promise<string> {
  const { core, config } = await openTestCore(t)
  const service = await httpService.start(core, config, 'test', {})
  t.teardown(() => service.close(1000))
  return `http://${formatAddress(service.address)}`
}

await t.test('the page and its files come from here, under a strict policy', async (t) => {
  const url = await openHttp(t)
  for (const [path, type] of [
    ['/docs', 'text/html'],
    ['/docs/docs.js', 'text/javascript'],
    ['/docs/swagger-ui-bundle.js', 'text/javascript'],
    ['/docs/swagger-ui.css', 'text/css'],
  ] as const) {
    const answer = await call('GET', url + path)
    t.equal(answer.status, 200)
    t.equal(answer.headers['content-type'], `${type}; charset=utf-8`)
    const policy = String(answer.headers['content-security-policy'])
    t.match(policy, /^default-src 'none';script-src 'self';style-src 'self';/)
    t.notMatch(policy, /unsafe|http|\*/)
  }
  const page = (await call('GET', `${url}/docs`)).text
  t.notMatch(page, /https?:\/\/|<style|<script>|onclick=/)
  t.match(await call('GET', `${url}/docs/../package.json`), { status: 404 })
})

await t.test('a browser shows every operation, and asks no other origin', { skip }, async (t) => {
  const url = await openHttp(t)
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] })
  t.teardown(() => browser.close())
  const page = await browser.newPage()
  const complaints: string[] = []
  const foreign: string[] = []
  page.on('console', (message) => {
    if (message.type() === 'error') complaints.push(message.text())
  })
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('request', (request) => {
    if (!/^data:/.test(request.url()) && !request.url().startsWith(url)) foreign.push(request.url())
  })
  await page.goto(`${url}/docs`)
  await page.waitForSelector('.opblock')
  const { body } = await call('GET', `${url}/openapi.json`)
  const { paths } = body as { paths: Record<string, object> }
  const operations = Object.values(paths).flatMap((path) => Object.keys(path))
  t.equal(await page.locator('.opblock').count(), operations.length)
  t.same(complaints, [])
  t.same(foreign, [])
})
