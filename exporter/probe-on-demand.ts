/** `/probe`: one probe, as a page for Prometheus or as text for a person. */

import { renderProbe } from './metrics/probe-page.ts'
import { CONTENT_TYPE } from './metrics/render.ts'
import { probeSamples } from './probe-samples.ts'
import type { Probing } from './probing/probing.ts'
import type { ProbeAnswer, ProbeRequest } from './web/probe-route.ts'

const MOST_NOTES = 200
const LONGEST_NOTE = 300
const TEXT = 'text/plain; charset=utf-8'
// Notes may hold what a server sent: nothing in them may act on a terminal.
const UNSAFE = /[^\t\u0020-\u007e\u00a1-\u1fff\u2070-\ud7ff\uf900-\ufdcf]/g

export async function probeOnDemand(
  probing: Probing,
  { target, module, debug, budgetMs }: ProbeRequest,
): Promise<ProbeAnswer> {
  const notes: string[] = []
  const begun = performance.now()
  const note = (line: string) => {
    if (!debug || notes.length >= MOST_NOTES) return
    const at = ((performance.now() - begun) / 1000).toFixed(6)
    notes.push(`${at} ${line.slice(0, LONGEST_NOTE).replace(UNSAFE, '?')}`)
  }
  const answer = await probing.ask({ target, module, budgetMs, note })
  if (answer.type === 'refused' || answer.type === 'busy') return answer
  const page = await renderProbe(probeSamples(answer))
  if (!debug) return { type: 'page', text: page, contentType: CONTENT_TYPE }
  const text = `What happened, in seconds since the start:\n\n${notes.join('\n')}\n\nMetrics that would have been returned:\n\n${page}`
  return { type: 'page', text, contentType: TEXT }
}
