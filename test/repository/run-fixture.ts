import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'

export interface FixtureRun {
  /** What it has printed so far. */
  readonly lines: readonly string[]
  readonly ended: Promise<{ code: number | null; signal: string | null; stderr: string }>
  readonly signal: (name: 'SIGKILL' | 'SIGSTOP' | 'SIGCONT' | 'SIGTERM') => void
}

/** Runs a compiled file of test/fixtures in a process of its own; it is gone when the test is. */
export function runFixture(t: Test, file: string, args: readonly string[]): FixtureRun {
  const path = fileURLToPath(new URL(`../fixtures/${file}`, import.meta.url))
  // Without what the test runner loads into each process that it sees begin. `env` becomes the process.
  const bare = ['-u', 'NODE_OPTIONS', process.execPath, '--enable-source-maps', path]
  const child = spawn('env', [...bare, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => {
    child.kill('SIGKILL')
  })
  const lines: string[] = []
  let stderr = ''
  createInterface(child.stdout).on('line', (line) => lines.push(line))
  child.stderr.on('data', (chunk: Buffer) => {
    stderr += chunk.toString()
  })
  const ended = new Promise<{ code: number | null; signal: string | null; stderr: string }>(
    (resolve) => {
      // `close` comes after the streams have ended, so every line is in.
      child.on('close', (code, signal) => resolve({ code, signal, stderr }))
    },
  )
  return { lines, ended, signal: (name) => child.kill(name) }
}
