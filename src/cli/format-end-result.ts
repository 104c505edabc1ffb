import type { CliEndResult } from './cli-apps.js'

/** What ending sessions did, in one line. */
export function formatEndResult({ ended, connectionsClosed, processes }: CliEndResult): string {
  return (
    `${count(ended, 'session')} ended, ${count(connectionsClosed, 'connection')} closed, ` +
    `${processes.answered} of ${count(processes.asked, 'process', 'processes')} answered\n`
  )
}

function count(number: number, one: string, many = `${one}s`): string {
  return `${number} ${number === 1 ? one : many}`
}
