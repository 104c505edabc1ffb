/** Accounts and keys across processes, on the embedded store. */
import t from 'tap'
import { proveAccounts } from '../helpers/account-suite.js'

t.setTimeout(120_000)

await t.test('embedded store', (t) => proveAccounts(t))
