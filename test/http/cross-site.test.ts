import type { FastifyRequest } from 'fastify'
import t from 'tap'
import { createSourceCheck, crossSiteRequest, isSafeMethod } from '../../src/http/cross-site.js'

function request(headers: Record<string, string>, host = 'app.example'): FastifyRequest {
  return { headers, host } as unknown as FastifyRequest
}

const OPTIONS = { secureCookies: false, allowedOrigins: ['https://sibling.example'] }
const sourceOf = createSourceCheck(OPTIONS)

await t.test('Sec-Fetch-Site decides where it is there', (t) => {
  t.equal(sourceOf(request({ 'sec-fetch-site': 'same-origin' })), 'same')
  t.equal(sourceOf(request({ 'sec-fetch-site': 'none' })), 'same')
  const origin = 'https://app.example'
  for (const site of ['cross-site', 'same-site', '', 'Same-Origin', 'same-origin, same-origin']) {
    t.equal(sourceOf(request({ 'sec-fetch-site': site, origin })), 'foreign', site)
  }
  t.end()
})

await t.test('a page of a listed origin is our own, wherever it lies', (t) => {
  const origin = 'https://sibling.example'
  t.equal(sourceOf(request({ 'sec-fetch-site': 'same-site', origin })), 'same')
  t.equal(sourceOf(request({ 'sec-fetch-site': 'cross-site', origin })), 'same')
  t.equal(sourceOf(request({ 'sec-fetch-site': 'cross-site' })), 'foreign')
  t.equal(sourceOf(request({ origin })), 'same')
  t.end()
})

await t.test('Origin decides where Sec-Fetch-Site is missing', (t) => {
  t.equal(sourceOf(request({ origin: 'http://app.example' })), 'same')
  t.equal(sourceOf(request({ origin: 'https://app.example' })), 'same')
  t.equal(sourceOf(request({ origin: 'http://app.example:8080' }, 'App.Example:8080')), 'same')
  const foreign = [
    'null',
    '',
    'https://app.example.evil',
    'https://app.example@evil',
    'https://app.example:8443',
    'https://APP.example',
    'https://app.example/',
    'ftp://app.example',
    'app.example',
  ]
  for (const origin of foreign) t.equal(sourceOf(request({ origin })), 'foreign', origin)
  t.equal(sourceOf(request({ origin: 'http://' }, '')), 'foreign', 'no host at all')
  t.end()
})

await t.test('with secure cookies a plain http page is foreign', (t) => {
  const secure = createSourceCheck({ secureCookies: true, allowedOrigins: [] })
  t.equal(secure(request({ origin: 'http://app.example' })), 'foreign')
  t.equal(secure(request({ origin: 'https://app.example' })), 'same')
  t.end()
})

await t.test('without either header nothing is known', (t) => {
  t.equal(sourceOf(request({})), 'unknown')
  t.end()
})

await t.test('isSafeMethod and crossSiteRequest', (t) => {
  t.same(['GET', 'HEAD', 'OPTIONS'].map(isSafeMethod), [true, true, true])
  t.same(['POST', 'PUT', 'PATCH', 'DELETE', 'TRACE'].map(isSafeMethod), Array(5).fill(false))
  t.match(crossSiteRequest(), { code: 'PERMISSION_DENIED', reason: 'cross_site_request' })
  t.end()
})
