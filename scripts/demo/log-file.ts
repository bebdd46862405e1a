import { type FileHandle, open } from 'node:fs/promises'
import { join } from 'node:path'
import { freshCopy } from './fresh-copy.ts'
import type { Recording } from './recordings.ts'
import type { Workspace } from './workspace.ts'
import { planWrites, type Write } from './write-plan.ts'

/** The empty log of a connection that begins now, and what is going to be written to it. */
export interface LogFile {
  readonly path: string
  readonly handle: FileHandle
  readonly writes: readonly Write[]
}

/** Begins a new log with a recording's content, named as its producer names logs. */
export async function openLog(
  recording: Recording,
  workspace: Pick<Workspace, 'directory'>,
): Promise<LogFile> {
  const { source, fileName, blockBytes } = recording.producer
  const { id, text } = freshCopy(recording.text, Date.now())
  const path = join(workspace.directory(source), fileName(id))
  return { path, handle: await open(path, 'ax'), writes: planWrites(text, blockBytes) }
}
