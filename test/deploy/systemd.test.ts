/** The systemd units are accepted by systemd and run commands that exist. */
import { copyFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { PACKAGE_ROOT } from '../../src/util/package-root.js'
import {
  assertCommand,
  assertVariables,
  binaryPath,
  readHouseFile,
  runTool,
  SERVICE_PORTS,
} from './deployment.js'

const FOLDER = 'deploy/systemd'
const UNITS = ['gatehouse@.service', 'gatehouse-migrate.service'] as const
const hasSystemd = runTool('systemd-analyze', ['--version']) !== null

await t.test(
  'systemd: accepts the units',
  { skip: hasSystemd ? false : 'systemd-analyze is not installed' },
  async (t) => {
    const folder = t.testdir()
    for (const unit of UNITS) copyFileSync(join(PACKAGE_ROOT, FOLDER, unit), join(folder, unit))
    const checked = runTool('systemd-analyze', [
      'verify',
      '--man=no',
      ...UNITS.map((unit) => join(folder, unit)),
    ])
    // Whether node and the account are installed is a matter of the machine.
    const complaints = (checked?.output ?? '')
      .split('\n')
      .filter((line) => line !== '' && !/is not executable|Unknown user/.test(line))
    t.same(complaints, [])
  },
)

await t.test(
  'systemd: the units run commands that exist, before and after the schema',
  async (t) => {
    const [service, migrate] = UNITS.map((unit) => readHouseFile(FOLDER, unit))
    for (const text of [service ?? '', migrate ?? '']) assertVariables(t, text)
    const commandOf = (text = '') =>
      /^ExecStart=\/usr\/bin\/node (\S+) (.+)$/m.exec(text)?.slice(1) ?? []
    t.same(commandOf(service), [binaryPath(), '%i'])
    for (const name of Object.keys(SERVICE_PORTS)) assertCommand(t, [name])
    const [binary, words = ''] = commandOf(migrate)
    t.equal(binary, binaryPath())
    assertCommand(t, words.split(' '))
    t.match(service, /^Requires=gatehouse-migrate\.service$/m)
    t.match(service, /^After=.*gatehouse-migrate\.service$/m)
  },
)
