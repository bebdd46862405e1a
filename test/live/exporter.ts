import { fileURLToPath } from 'node:url'
import type { Test } from 'tap'
import { until } from '../support/until.ts'
import { freePort, type Running, start } from './processes.ts'

const MAIN = fileURLToPath(new URL('../../exporter/main.ts', import.meta.url))

/** A scraped page: its text, and its samples by name and labels. */
export interface Page {
  readonly text: string
  /** Sum of all samples of this name whose labels agree; undefined if there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | undefined
}

/** Our exporter as an operator runs it, in a process of its own. */
export interface Exporter {
  readonly running: Running
  /** Address and port that it answers on. */
  readonly address: string
  scrape(): Promise<Page>
  /** Scrapes until the page fulfils a condition; rejects with the page's QUIC samples in the message. */
  untilPage(what: string, holds: (page: Page) => boolean, withinMs?: number): Promise<Page>
}

/** Starts the exporter on a qlog directory and waits until it is ready. */
export function startExporter(
  t: Test,
  qlogDirectory: string,
  startAt: 'beginning' | 'end' = 'beginning',
): Promise<Exporter> {
  return startExporterWith(t, ['--qlog-dir', qlogDirectory, '--start-at', startAt])
}

/** Starts the exporter with arguments of the caller's and waits until it is ready. */
export async function startExporterWith(t: Test, more: readonly string[]): Promise<Exporter> {
  const port = await freePort()
  const address = `127.0.0.1:${port}`
  const running = start(t, {
    program: process.execPath,
    args: [MAIN, ...more, '--web.listen-address', address],
  })
  const isReady = async () => {
    if (!running.isRunning()) throw new Error(`exporter ended: ${running.stderr()}`)
    const answer = await fetch(`http://${address}/-/ready`).catch(() => undefined)
    await answer?.body?.cancel()
    return answer?.ok
  }
  await until('the exporter to be ready', isReady, { withinMs: 15_000, everyMs: 50 })
  const scrape = async () => {
    const answer = await fetch(`http://${address}/metrics`).catch((error: Error) => {
      throw new Error(`${error.message}; the exporter said: ${running.stderr().slice(-2000)}`)
    })
    if (!answer.ok) throw new Error(`/metrics answered ${answer.status}`)
    return parsePage(await answer.text())
  }
  const untilPage: Exporter['untilPage'] = async (what, holds, withinMs = 15_000) => {
    let page: Page | undefined
    const ask = async () => {
      page = await scrape()
      return holds(page) && page
    }
    return until(what, ask, { withinMs, everyMs: 100 }).catch((error: Error) => {
      const samples = page?.text.match(/^quic_(?!.*(_bucket|_sum)\b).*[1-9].*$/gm) ?? []
      throw new Error(`${error.message}\n${samples.join('\n')}`)
    })
  }
  return { running, address, scrape, untilPage }
}

/** Reads a page of the text format 0.0.4. */
export function parsePage(text: string): Page {
  const samples = [...text.matchAll(/^([a-z_]\w*)(?:\{(.*)\})? (\S+)$/gm)].map(
    ([, name, labels = '', value]) => ({
      name,
      labels: new Map([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, text]) => [key, text])),
      value: Number(value),
    }),
  )
  return {
    text,
    value: (name, labels = {}) => {
      const wanted = Object.entries(labels)
      const found = samples.filter(
        (sample) =>
          sample.name === name && wanted.every(([key, text]) => sample.labels.get(key) === text),
      )
      return found.length === 0 ? undefined : found.reduce((sum, sample) => sum + sample.value, 0)
    },
  }
}
