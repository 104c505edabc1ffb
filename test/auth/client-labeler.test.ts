import t from 'tap'
import { createClientLabeler } from '../../src/auth/client-labeler.js'

const labeler = createClientLabeler({ secret: Buffer.alloc(32, 1) })

await t.test('labeler reads the label it issued', async (t) => {
  const { clientId, cookieValue } = labeler.issue()
  t.match(clientId, /^[\w-]{22}$/)
  t.equal(labeler.read(cookieValue), clientId)
  t.equal(createClientLabeler({ secret: Buffer.alloc(32, 1) }).read(cookieValue), clientId)
  t.not(labeler.issue().clientId, clientId)
})

await t.test('labeler reads nothing that was forged', async (t) => {
  const { clientId, cookieValue } = labeler.issue()
  const [id = '', code = ''] = cookieValue.split('.')
  t.equal(createClientLabeler({ secret: Buffer.alloc(32, 2) }).read(cookieValue), null)
  t.equal(labeler.read(`${labeler.issue().clientId}.${code}`), null)
  for (let index = 0; index < cookieValue.length; index += 1) {
    const letter = cookieValue[index] === 'A' ? 'B' : 'A'
    const changed = `${cookieValue.slice(0, index)}${letter}${cookieValue.slice(index + 1)}`
    t.equal(labeler.read(changed), null, `character ${index}`)
  }
  const others = [undefined, '', '.', clientId, id, `${id}.`, `.${code}`, `${cookieValue}=`]
  others.push(` ${cookieValue}`, `${cookieValue}\n`, `${cookieValue}.${code}`, `"${cookieValue}"`)
  for (const other of others) t.equal(labeler.read(other), null, JSON.stringify(other))
})

await t.test('labeler of one purpose does not read the labels of another', async (t) => {
  const browsers = createClientLabeler({ secret: Buffer.alloc(32, 1), purpose: 'oauth' })
  const { clientId, cookieValue } = browsers.issue()
  t.equal(browsers.read(cookieValue), clientId)
  t.equal(labeler.read(cookieValue), null)
  t.equal(browsers.read(labeler.issue().cookieValue), null)
})
