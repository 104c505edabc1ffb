import type { Command } from 'commander'
import type { AdminApp, CliEndTarget, CliSession } from './cli-apps.js'
import type { CommandContext, ConfigOptions } from './command-context.js'
import {
  type CommandCall,
  type CommandDefinition,
  defineCommand,
  defineGroup,
  PRINT_JSON,
} from './define-command.js'
import { formatEndResult } from './format-end-result.js'
import { formatInstant, formatTable } from './format-table.js'

interface ListOptions extends ConfigOptions {
  readonly user: string
}

interface EndOptions extends ConfigOptions {
  readonly user?: string
  readonly client?: string
  readonly key?: string
}

/** `app session list | end`. */
export function registerSessionCommand(program: Command, context: CommandContext): void {
  const group = defineGroup(program, 'session', 'List and end the sign-ins of a user.', [
    'app session list --user ann',
    'app session end --user ann',
  ])
  defineCommand(group, context, LIST)
  defineCommand(group, context, END)
}

const LIST: CommandDefinition<ListOptions> = {
  name: 'list',
  description: 'List the live sessions of a user, newest first.',
  examples: ['app session list --user ann', 'app session list --user ann --json'],
  configure: (command) => command.requiredOption('--user <username>', 'whose sessions'),
  json: PRINT_JSON,
  run: async ({ admin, options }) => {
    const sessions = await admin(async ({ accounts, sessions }) => {
      const user = await accounts.findByUsername(options.user)
      return sessions.listForUser(user.id)
    })
    return { text: formatSessions(sessions), json: sessions }
  },
}

const END: CommandDefinition<EndOptions> = {
  name: 'end',
  description:
    'End one session, all of a user or of one of their browsers, or all that a key signed, in every ' +
    'process at once.',
  examples: [
    'app session end Zk3vT0mQyFh1c2Vd8wRj5A',
    'app session end --user ann',
    'app session end --user ann --client q8Jt5XnLr0aVwE2sYb7Kcg',
    'app session end --key 3f9c2a71b5d0',
  ],
  configure: (command) =>
    command
      .argument('[id]', 'the session')
      .option('--user <username>', 'end all sessions of this user instead')
      .option('--client <id>', 'of that user, only those on this browser or device')
      .option('--key <id>', 'end all sessions whose newest tokens this key signed instead'),
  json: PRINT_JSON,
  run: async (call) => {
    checkTarget(call)
    const result = await call.admin(async (admin) =>
      admin.sessions.endAsAdmin(await targetOf(admin, call)),
    )
    return { text: formatEndResult(result), json: result }
  },
}

function checkTarget({ args: [id], options, refuse }: CommandCall<EndOptions>): void {
  const { user, client, key } = options
  if ([id, user, key].filter((target) => target !== undefined).length !== 1) {
    refuse('give one of: the id of a session, --user <username>, --key <id>')
  }
  if (client !== undefined && user === undefined) refuse('--client needs --user <username>')
}

async function targetOf(
  { accounts }: AdminApp,
  { args: [id = ''], options }: CommandCall<EndOptions>,
): Promise<CliEndTarget> {
  const { user, client, key } = options
  if (key !== undefined) return { keyId: key }
  if (user === undefined) return { sessionId: id }
  const { id: userId } = await accounts.findByUsername(user)
  return client === undefined ? { userId } : { userId, clientId: client }
}

function formatSessions(sessions: readonly CliSession[]): string {
  return formatTable(
    [
      { title: 'ID', value: (session) => session.id },
      { title: 'CLIENT', value: (session) => session.clientId },
      { title: 'METHOD', value: (session) => session.method },
      { title: 'ADDRESS', value: (session) => session.address },
      { title: 'OPEN', value: (session) => session.connections },
      { title: 'CREATED', value: (session) => formatInstant(session.createdAt) },
      { title: 'LAST SEEN', value: (session) => formatInstant(session.lastSeenAt) },
      { title: 'EXPIRES', value: (session) => formatInstant(session.expiresAt) },
      { title: 'USER AGENT', value: (session) => session.userAgent },
    ],
    sessions,
  )
}
