import type { Command } from 'commander'
import { type CommandContext, type ConfigOptions, withMigrations } from './command-context.js'
import { type CommandDefinition, defineCommand, defineGroup, PRINT_JSON } from './define-command.js'
import { formatInstant, formatTable } from './format-table.js'

/** `app migrate up | down | status`. */
export function registerMigrateCommand(program: Command, context: CommandContext): void {
  const description = 'Change or show the state of the tables.'
  const group = defineGroup(program, 'migrate', description, [
    'app migrate status',
    'app migrate up',
  ])
  defineCommand(group, context, UP)
  defineCommand(group, context, DOWN)
  defineCommand(group, context, STATUS)
}

const UP: CommandDefinition<ConfigOptions> = {
  name: 'up',
  description: 'Apply every migration that is pending.',
  examples: ['app migrate up', 'app migrate up --env prod'],
  run: async ({ context, load }) => {
    const applied = await withMigrations(context, await load(), (tables) => tables.up())
    const lines = applied.map((name) => `applied ${name}\n`)
    return { text: lines.length === 0 ? 'nothing to apply\n' : lines.join('') }
  },
}

const DOWN: CommandDefinition<ConfigOptions> = {
  name: 'down',
  description: 'Take back the newest migration, with the data in what it made.',
  examples: ['app migrate down'],
  run: async ({ context, load }) => {
    const name = await withMigrations(context, await load(), (tables) => tables.down())
    return { text: name === null ? 'nothing to take back\n' : `took back ${name}\n` }
  },
}

const STATUS: CommandDefinition<ConfigOptions> = {
  name: 'status',
  description: 'List the migrations, applied and pending.',
  examples: ['app migrate status', 'app migrate status --json'],
  json: PRINT_JSON,
  run: async ({ context, load }) => {
    const migrations = await withMigrations(context, await load(), (tables) => tables.status())
    const text = formatTable(
      [
        { title: 'MIGRATION', value: (row) => row.name },
        { title: 'APPLIED', value: (row) => formatInstant(row.appliedAt) ?? 'pending' },
      ],
      migrations,
    )
    return { text, json: migrations }
  },
}
