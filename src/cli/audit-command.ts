import type { Command } from 'commander'
import type { AdminApp, CliAuditEvent, CliAuditQuery } from './cli-apps.js'
import { collectPages } from './collect-pages.js'
import type { CommandContext, ConfigOptions } from './command-context.js'
import {
  type CommandCall,
  type CommandDefinition,
  defineCommand,
  defineGroup,
  PRINT_JSON,
} from './define-command.js'
import { formatInstant, formatTable } from './format-table.js'
import { integerBetween } from './parse-option.js'

const LIST_DEFAULT = 100
const LIST_MAX = 1_000_000
const UNIT_MS: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000 }

interface ListOptions extends ConfigOptions {
  readonly user?: string
  readonly userId?: string
  readonly type?: string
  readonly since?: string
  readonly limit: number
}

/** `app audit list`. */
export function registerAuditCommand(program: Command, context: CommandContext): void {
  const description = 'Read the audit log: who did what to whom, and from where.'
  const group = defineGroup(program, 'audit', description, ['app audit list --user ann'])
  defineCommand(group, context, LIST)
}

const LIST: CommandDefinition<ListOptions> = {
  name: 'list',
  description: 'List what was written down, newest first.',
  examples: [
    'app audit list',
    'app audit list --user ann --since 7d',
    'app audit list --type login.failed --since 2026-01-01T00:00:00Z --limit 1000 --json',
  ],
  configure: (command) =>
    command
      .option('--user <username>', 'only what happened to this user')
      .option('--user-id <id>', 'the same by id, for a user who is gone')
      .option('--type <name>', 'only this type, for example session.ended')
      .option('--since <when>', 'an instant, or so long ago: 30m, 24h, 7d')
      .option('--limit <number>', 'at most so many', integerBetween(1, LIST_MAX), LIST_DEFAULT),
  json: PRINT_JSON,
  run: async (call) => {
    const { user, userId, type, limit } = call.options
    if (user !== undefined && userId !== undefined) {
      call.refuse('give either --user <username> or --user-id <id>')
    }
    const since = sinceOf(call)
    const { items: events, more } = await call.admin(async (admin) => {
      const found = user === undefined ? userId : (await admin.accounts.findByUsername(user)).id
      const query = {
        ...(found === undefined ? {} : { userId: found }),
        ...(type === undefined ? {} : { type }),
        ...(since === null ? {} : { since }),
      }
      return listEvents(admin, query, limit)
    })
    if (more) call.context.io.stderr.write('there are more; raise --limit to see them\n')
    return { text: formatEvents(events), json: events }
  },
}

/** Milliseconds since the epoch; null for no beginning. */
function sinceOf({ options, context, refuse }: CommandCall<ListOptions>): number | null {
  if (options.since === undefined) return null
  const [, amount, unit = ''] = /^(\d{1,6})([mhd])$/.exec(options.since) ?? []
  if (amount !== undefined) return context.io.now() - Number(amount) * (UNIT_MS[unit] ?? 0)
  const instant = Date.parse(options.since)
  if (Number.isNaN(instant)) {
    refuse(`--since takes an instant or a length of time such as 24h, not '${options.since}'`)
  }
  return instant
}

function listEvents(
  { audit }: AdminApp,
  query: Omit<CliAuditQuery, 'limit'>,
  limit: number,
): Promise<{ items: CliAuditEvent[]; more: boolean }> {
  return collectPages(limit, async (size, before: number | null) => {
    const from = before === null ? {} : { before }
    const { events, next } = await audit.list({ ...query, ...from, limit: size })
    return { items: events, next }
  })
}

function formatEvents(events: readonly CliAuditEvent[]): string {
  return formatTable(
    [
      { title: 'AT', value: (event) => formatInstant(event.at) },
      { title: 'TYPE', value: (event) => event.type },
      { title: 'USER', value: (event) => event.userId },
      { title: 'BY', value: (event) => event.actorId },
      { title: 'SESSION', value: (event) => event.sessionId },
      { title: 'ADDRESS', value: (event) => event.address },
      { title: 'DATA', value: (event) => formatData(event.data) },
    ],
    events,
  )
}

function formatData(data: CliAuditEvent['data']): string {
  return Object.entries(data)
    .map(([name, value]) => `${name}=${value}`)
    .join(' ')
}
