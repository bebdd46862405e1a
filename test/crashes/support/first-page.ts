import { until } from '../../support/until.ts'
import type { KillableExporter } from './exporter.ts'

/** What was answered from a restart on. */
export interface FirstPage {
  /** Answers of 503 before the first page. */
  readonly refused: number
  /** Packets received, of the first page. */
  readonly packets: number
}

/**
 * Asks again and again from a restart on, until there is a page. Rejects if the exporter is not healthy
 * in the meantime, or says that it is ready while it refuses.
 */
export async function firstPage(exporter: KillableExporter): Promise<FirstPage> {
  let refused = 0
  const ask = async () => {
    const ready = await exporter.status('/-/ready')
    const page = await exporter.page()
    if (page !== undefined) return page
    if (ready !== 503) return undefined
    refused += 1
    const healthy = await exporter.status('/-/healthy')
    if (healthy !== 200) throw new Error(`/-/healthy answers ${healthy} while it catches up`)
    return undefined
  }
  const page = await until('a page after the restart', ask, { withinMs: 30_000, everyMs: 5 })
  return { refused, packets: page.value('quic_packets_received_total') ?? 0 }
}
