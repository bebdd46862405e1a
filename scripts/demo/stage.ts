import { once } from 'node:events'
import { type Exporter, startExporter } from './exporter.ts'
import { PRODUCERS } from './producers.ts'
import { makeWorkspace, type Workspace } from './workspace.ts'

const END_KNOWN_WITHIN_MS = 500

/** A running exporter and the directories that it watches. */
export interface Stage {
  readonly workspace: Workspace
  readonly exporter: Exporter
  /** Aborted when the act must end: it was asked for, or the exporter died. */
  readonly signal: AbortSignal
}

/** Sets the stage for an act and clears it, however the act ends; rejects if the exporter dies. */
export async function onStage<T>(stop: AbortSignal, act: (stage: Stage) => Promise<T>): Promise<T> {
  const workspace = await makeWorkspace(PRODUCERS.map(({ source }) => source))
  try {
    const exporter = await startExporter(workspace.configFile, stop)
    try {
      return await act({ workspace, exporter, signal: AbortSignal.any([stop, exporter.died]) })
    } catch (error) {
      if (!stop.aborted) await blame(exporter.died)
      throw error
    } finally {
      await exporter.stop()
    }
  } finally {
    await workspace.remove()
  }
}

/** Rejects with the exporter's end if that is why something failed: it is known a moment later. */
async function blame(died: AbortSignal): Promise<void> {
  const late = AbortSignal.timeout(END_KNOWN_WITHIN_MS)
  if (!died.aborted) await once(died, 'abort', { signal: late }).catch(() => {})
  died.throwIfAborted()
}
