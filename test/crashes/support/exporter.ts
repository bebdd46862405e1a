import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { type Page, parsePage } from '../../live/exporter.ts'
import { freePort } from '../../live/processes.ts'
import { until } from '../../support/until.ts'
import { temporaryDirectory } from './directory.ts'
import { Restartable } from './restartable.ts'
import type { Scope } from './scope.ts'

/** What may differ from one exporter to the next. */
export interface ExporterOptions {
  /** Directory that the writer writes to. */
  readonly logs: string
  /** Where it keeps its state; a directory of its own if not given. */
  readonly storage?: string
  readonly startAt?: 'beginning' | 'end'
  /** Root of the sources to run; this tree if not given. */
  readonly tree?: string
  /** Where it answers; any free port if not given. */
  readonly address?: string
}

/** Our exporter as an operator runs it: a process that keeps its command line from life to life. */
export interface KillableExporter {
  readonly program: Restartable
  readonly address: string
  readonly storage: string
  /** The page of /metrics; undefined: no answer, or not 200. */
  page(): Promise<Page | undefined>
  /** HTTP status of a path; undefined: no answer. */
  status(path: string): Promise<number | undefined>
  /** The first page that fulfils a condition; rejects with the page's figures and what it logged. */
  untilPage(what: string, holds: (page: Page) => boolean, withinMs?: number): Promise<Page>
}

/** Root of this tree. */
export const TREE = fileURLToPath(new URL('../../..', import.meta.url))

/** An exporter that is not started yet. */
export async function killableExporter(
  scope: Scope,
  {
    logs,
    storage = join(temporaryDirectory(scope), 'state'),
    startAt = 'end',
    tree = TREE,
    address: wanted,
  }: ExporterOptions,
): Promise<KillableExporter> {
  mkdirSync(storage, { recursive: true })
  const address = wanted ?? `127.0.0.1:${await freePort()}`
  const program = new Restartable(scope, {
    program: process.execPath,
    args: [
      join(tree, 'exporter/main.ts'),
      // The default: without its state it would skip what was written while it was down.
      ...['--qlog-dir', logs, '--start-at', startAt],
      // Told what will come, it shows counters at 0 before the first file is there.
      ...['--dialect', 'quic-go'],
      ...['--storage.path', storage, '--web.listen-address', address],
    ],
  })
  const get = (path: string) => fetch(`http://${address}${path}`).catch(() => undefined)
  const page = async () => {
    const answer = await get('/metrics')
    // The process may be killed between its first and its last byte.
    const text = await answer?.text().catch(() => undefined)
    return answer?.ok && text !== undefined ? parsePage(text) : undefined
  }
  return {
    program,
    address,
    storage,
    page,
    status: async (path) => {
      const answer = await get(path)
      await answer?.body?.cancel().catch(() => undefined)
      return answer?.status
    },
    untilPage: (what, holds, withinMs = 20_000) => {
      let latest: Page | undefined
      const ask = async () => {
        const [crash] = program.crashes
        if (crash !== undefined) throw new Error(`the exporter ended by itself: ${crash}`)
        latest = (await page()) ?? latest
        return latest !== undefined && holds(latest) && latest
      }
      return until(what, ask, { withinMs, everyMs: 50 }).catch((error: Error) => {
        const figures = latest?.text.match(/^quic_(?!.*(_bucket|_sum|_capability)\b).* [1-9].*$/gm)
        throw new Error(
          [error.message, ...(figures ?? ['no page']), program.stderr].join('\n').slice(0, 8000),
        )
      })
    },
  }
}
