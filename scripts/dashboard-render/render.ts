/**
 * Draws dashboards as PNG. Exit code 0 if all of it is fit to be seen, 1 if a panel shows an error or
 * nothing at all, or the page complained, 2 for a wrong command line, 77 if something to draw with is not
 * there: then nothing was tried.
 */
import { resolve } from 'node:path'
import { whatIsMissing } from './missing.ts'
import { type Options, readOptions, USAGE } from './options.ts'

const SKIPPED = 77

process.exitCode = await main()

async function main(): Promise<number> {
  let options: Options | undefined
  try {
    options = readOptions(process.argv.slice(2))
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${USAGE}`)
    return 2
  }
  if (options === undefined) {
    process.stdout.write(USAGE)
    return 0
  }
  const missing = whatIsMissing({ stand: options.prometheusUrl === undefined })
  if (missing.length > 0) {
    process.stderr.write(`\n######## NOT DRAWN: ${missing.join('; ')}\n\n`)
    return SKIPPED
  }
  // Only now: it imports packages that may not be there.
  const { drawAll } = await import('./draw-all.ts')
  return (await drawAll(withPaths(options))) ? 0 : 1
}

/** Paths are meant from where npm was called, not from this folder. */
function withPaths(options: Options): Options {
  const from = process.env.INIT_CWD ?? process.cwd()
  return {
    ...options,
    files: options.files.map((file) => resolve(from, file)),
    outDirectory: resolve(from, options.outDirectory),
  }
}
