import type { Command } from 'commander'
import {
  type CommandContext,
  type ConfigOptions,
  addConfigOptions,
  addExamples,
  loadCommandConfig,
  printJson,
  runCommand,
  withMigrations,
} from './command-context.js'
import { formatInstant, formatTable } from './format-table.js'
import { EXIT_OK } from './run-service.js'

/** `app migrate up | down | status`. */
export function registerMigrateCommand(program: Command, context: CommandContext): void {
  const group = program.command('migrate').description('Change or show the state of the tables.')
  addExamples(group, ['app migrate status', 'app migrate up'])
  registerUp(group, context)
  registerDown(group, context)
  registerStatus(group, context)
}

function registerUp(group: Command, context: CommandContext): void {
  const command = group.command('up').description('Apply every migration that is pending.')
  addConfigOptions(command)
  addExamples(command, ['app migrate up', 'app migrate up --env prod'])
  command.action((options: ConfigOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const applied = await withMigrations(context, loaded, (tables) => tables.up())
      const lines = applied.map((name) => `applied ${name}\n`)
      context.io.stdout.write(lines.length === 0 ? 'nothing to apply\n' : lines.join(''))
      return EXIT_OK
    }),
  )
}

function registerDown(group: Command, context: CommandContext): void {
  const command = group
    .command('down')
    .description('Take back the newest migration, with the data in what it made.')
  addConfigOptions(command)
  addExamples(command, ['app migrate down'])
  command.action((options: ConfigOptions) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const name = await withMigrations(context, loaded, (tables) => tables.down())
      context.io.stdout.write(name === null ? 'nothing to take back\n' : `took back ${name}\n`)
      return EXIT_OK
    }),
  )
}

function registerStatus(group: Command, context: CommandContext): void {
  const command = group.command('status').description('List the migrations, applied and pending.')
  addConfigOptions(command).option('--json', 'print JSON')
  addExamples(command, ['app migrate status', 'app migrate status --json'])
  command.action((options: ConfigOptions & { json?: true }) =>
    runCommand(context, async () => {
      const loaded = await loadCommandConfig(context, options)
      const migrations = await withMigrations(context, loaded, (tables) => tables.status())
      if (options.json) printJson(context, migrations)
      else {
        const table = formatTable(
          [
            { title: 'MIGRATION', value: (row) => row.name },
            { title: 'APPLIED', value: (row) => formatInstant(row.appliedAt) ?? 'pending' },
          ],
          migrations,
        )
        context.io.stdout.write(table)
      }
      return EXIT_OK
    }),
  )
}
