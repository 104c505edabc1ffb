#!/usr/bin/env node
import { createProcessIo } from '../src/cli/process-io.js'
import { runCli } from '../src/cli/run-cli.js'

const io = createProcessIo()
process.exitCode = await runCli(process.argv.slice(2), io)
// The last resort against what was left open, which is a defect; it keeps nothing alive itself.
setTimeout(() => io.stderr.write('left open: forced to end\n', () => process.exit()), 1000).unref()
