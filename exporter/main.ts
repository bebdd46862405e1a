#!/usr/bin/env node
/** The composition root: each command loads what it needs, and nothing else. */
import { readFileSync } from 'node:fs'
import * as nodeModule from 'node:module'
import { fileURLToPath } from 'node:url'
import { setFlagsFromString } from 'node:v8'
import type { Command } from './cli.ts'

// A young generation that never grows costs no time here, and saves 100 MiB beside 100,000 files.
setFlagsFromString('--semi-space-growth-factor=1')
// Compiling costs more than a small replay; what serves for weeks would keep up to 5 MiB of it. Only who may
// change the program may change its cache; where it cannot be written there is none.
if (['replay', 'inspect'].includes(process.argv[2] ?? '')) {
  nodeModule.enableCompileCache?.(
    fileURLToPath(new URL('../node_modules/.cache/compile', import.meta.url)),
  )
}
const { parseCommandLine } = await import('./cli.ts')

/** Longest record that `replay` and `inspect` take; `serve` has a setting for it. */
const MAX_RECORD_BYTES = 1 << 20

const command = parseCommandLine(process.argv.slice(2), process.env)
process.exitCode = command.command === 'error' ? refuse(command.text) : await run(command)

async function run(command: Command): Promise<number> {
  switch (command.command) {
    case 'help':
      process.stdout.write(command.text)
      return 0
    case 'version': {
      const { VERSION } = await import('./version.ts')
      process.stdout.write(`quic-lb-exporter ${VERSION}\n`)
      return 0
    }
    case 'replay': {
      const { replay, withConfig } = await import('./replay-command.ts')
      const request = { ...command, maxRecordBytes: MAX_RECORD_BYTES }
      const loaded = command.file === undefined ? undefined : await load(command.file, command)
      if (loaded?.errors !== undefined) return refuse(loaded.errors.join('\n'))
      return reading(async () => {
        const whole = loaded === undefined ? request : withConfig(request, loaded.config)
        process.stdout.write(await replay(whole, tellUnread))
      })
    }
    case 'inspect': {
      const loaded = command.file === undefined ? undefined : await load(command.file, command)
      if (loaded?.errors !== undefined) return refuse(loaded.errors.join('\n'))
      const { inspect } = await import('./inspect-command.ts')
      const request = { ...command, maxRecordBytes: MAX_RECORD_BYTES }
      return reading(() => inspect(request, loaded?.config, process.stdout))
    }
    case 'check-config':
    case 'serve': {
      const { loadConfig } = await import('./config/load.ts')
      const load = () => loadConfig({ ...command, readFile })
      const loaded = load()
      if (loaded.errors !== undefined) return refuse(loaded.errors.join('\n'))
      if (command.command === 'check-config') {
        const { namedFileErrors } = await import('./config/named-files.ts')
        const { summaryOf } = await import('./config/summary.ts')
        const errors = namedFileErrors(loaded.config, { ...command, readFile })
        if (errors.length > 0) return refuse(errors.join('\n'))
        process.stdout.write(`the configuration is good: ${summaryOf(loaded.config)}\n`)
        return 0
      }
      const { serve } = await import('./serve-command.ts')
      return serve(loaded.config, load)
    }
  }
}

/** The configuration; an error if nothing says what the files are. */
async function load(
  file: string,
  { source, dialect }: { readonly source: string; readonly dialect: string },
) {
  const { loadConfig } = await import('./config/load.ts')
  const loaded = loadConfig({ file, flags: {}, env: {}, readFile })
  const names = loaded.config?.sources.map(({ name }) => name) ?? [source]
  if (names.includes(source) || dialect !== 'auto') return loaded
  const all = names.join(', ')
  return {
    errors: [
      `${file} has no source ${JSON.stringify(source)}: give --source (${all}) or --dialect`,
    ],
  }
}

function tellUnread(why: string): void {
  const hint = 'see inspect, --dialect and --vantage'
  process.stderr.write(`quic-lb-exporter: files that are not read: ${why} (${hint})\n`)
}

function readFile(path: string): string {
  return readFileSync(path, 'utf8')
}

/** A path that cannot be read is the caller's mistake, told in one line. */
async function reading(work: () => Promise<void>): Promise<number> {
  try {
    await work()
    return 0
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error
    if (error.code === 'EPIPE') return 0
    if (!('path' in error)) return fail(error.message)
    const { readTrouble } = await import('./read-trouble.ts')
    return fail(`${error.path}: ${readTrouble(error)}`)
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
