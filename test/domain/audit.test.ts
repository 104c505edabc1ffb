import t from 'tap'
import { AUDIT_TYPES, parseAuditType } from '../../src/domain/audit.js'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'

await t.test('parseAuditType takes the types there are', (t) => {
  for (const type of AUDIT_TYPES) t.equal(parseAuditType(type), type)
  for (const name of ['', 'Session.ended', 'toString']) {
    t.throws(() => parseAuditType(name), {
      code: 'INVALID_ARGUMENT',
      message: /^A type of audit event is one of user\.registered, /,
      details: [{ path: 'type' }],
    })
  }
  t.end()
})

await t.test('every type is documented', (t) => {
  const text = readFileSync(join(PACKAGE_ROOT, 'docs', 'accounts.md'), 'utf8')
  for (const type of AUDIT_TYPES) t.ok(text.includes(`\`${type}\``), type)
  t.end()
})
