#!/usr/bin/env node
import { createProcessIo } from '../src/cli/process-io.js'
import { runCli } from '../src/cli/run-cli.js'

process.exitCode = await runCli(process.argv.slice(2), createProcessIo())
// The last resort against what was left open; it keeps nothing alive itself.
setTimeout(() => process.exit(), process.exitCode === 0 ? 1000 : 100).unref()
