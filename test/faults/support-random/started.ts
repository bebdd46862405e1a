/** The exporter in a process of its own, with any arguments, not waited for longer than until it answers. */
import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { type Running, start } from '../../live/processes.ts'
import { type Page, parsePage } from '../../support/page.ts'
import { until } from '../../support/until.ts'
import { WITHOUT_OPTIONS } from '../support/exporter.ts'

const MAIN = fileURLToPath(new URL('../../../exporter/main.ts', import.meta.url))

/** Lines of our own metrics; the others are those of Node.js. */
const OURS = /^(?:# (?:HELP|TYPE) )?quic_.*\n/gm

export const PATIENCE = { withinMs: 60_000, everyMs: 50 }

export interface Started {
  readonly running: Running
  readonly pid: number
  /** A request; rejects with what the exporter said if there is no answer. */
  ask(path: string, method?: string): Promise<{ readonly status: number; readonly text: string }>
  /** Our part of the page; undefined: not ready. */
  page(): Promise<Page | undefined>
  /** Sends a signal; resolves to the exit code. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

/** Starts it on any free port; resolves when it answers requests, be it with a refusal. */
export async function startWith(t: Test, args: readonly string[]): Promise<Started> {
  const running = start(t, {
    program: 'env',
    args: [...WITHOUT_OPTIONS, process.execPath, MAIN, ...args],
  })
  const listening = () => {
    if (!running.isRunning()) throw new Error(`exporter ended: ${running.stderr()}`)
    return /"metrics":"http:\/\/([^/"]+)\//.exec(running.stderr())?.[1]
  }
  const address = await until('the exporter to serve', listening, PATIENCE)
  const ask: Started['ask'] = async (path, method = 'GET') => {
    const answer = await fetch(`http://${address}${path}`, { method }).catch((error: Error) => {
      throw new Error(`${error.message}; the exporter said: ${running.stderr().slice(-2000)}`)
    })
    return { status: answer.status, text: await answer.text() }
  }
  return {
    running,
    pid: running.child.pid ?? 0,
    ask,
    page: async () => {
      const { status, text } = await ask('/metrics')
      if (status === 503) return undefined
      if (status !== 200) throw new Error(`/metrics answered ${status}: ${text}`)
      return parsePage(text.match(OURS)?.join('') ?? '')
    },
    end: async (signal) => {
      running.child.kill(signal)
      return (await running.ended).code
    },
  }
}

/** Waits for a page that fulfils a condition. */
export function untilPage(
  { page }: Started,
  what: string,
  holds: (page: Page) => boolean,
): Promise<Page> {
  const ask = async () => {
    const shown = await page()
    return shown !== undefined && holds(shown) && shown
  }
  return until(what, ask, PATIENCE)
}

/** Waits for /-/ready. */
export async function untilReady({ ask }: Started): Promise<void> {
  await until('readiness', async () => (await ask('/-/ready')).status === 200, PATIENCE)
}
