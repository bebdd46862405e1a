#!/usr/bin/env node
/** The composition root: what the command line asks for, with everything wired to everything. */
import { readFileSync } from 'node:fs'
import { type Command, parseCommandLine } from './cli.ts'
import { loadConfig } from './config/load.ts'
import { configSchema } from './config/schema.ts'
import { replay } from './replay-command.ts'
import { VERSION } from './version.ts'

const command = parseCommandLine(process.argv.slice(2), process.env)
process.exitCode = command.command === 'error' ? refuse(command.text) : await run(command)

async function run(command: Command): Promise<number> {
  switch (command.command) {
    case 'help':
      process.stdout.write(command.text)
      return 0
    case 'version':
      process.stdout.write(`quic-lb-exporter ${VERSION}\n`)
      return 0
    case 'replay': {
      const { tail } = configSchema.parse({ sources: [{ paths: command.paths }] })
      return reading(async () => {
        const page = await replay({ ...command, maxRecordBytes: tail.maxRecordBytes })
        process.stdout.write(page)
      })
    }
    case 'inspect':
      return refuse('not yet')
    case 'check-config':
    case 'serve': {
      const loaded = loadConfig({ ...command, readFile: (file) => readFileSync(file, 'utf8') })
      if (loaded.errors !== undefined) return refuse(loaded.errors.join('\n'))
      if (command.command === 'check-config') {
        process.stdout.write('the configuration is good\n')
        return 0
      }
      return 0
    }
  }
}

/** A path that cannot be read is the caller's mistake, told in one line. */
async function reading(work: () => Promise<void>): Promise<number> {
  try {
    await work()
    return 0
  } catch (error) {
    if (error instanceof Error && 'code' in error) return fail(error.message)
    throw error
  }
}

function refuse(text: string): number {
  process.stderr.write(text.endsWith('\n') ? text : `${text}\n`)
  return 2
}

function fail(text: string): number {
  process.stderr.write(`quic-lb-exporter: ${text}\n`)
  return 1
}
