import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Test } from 'tap'
import { Book } from './book.ts'
import { type Exporter, type ExporterOptions, startExporter } from './exporter.ts'
import { type LogFile, type LogFileOptions, logFile, writeLog } from './log-file.ts'

/** A fresh root below a fresh directory, its book, and the exporter that follows it. */
export interface Scene extends Place {
  readonly exporter: Exporter
}

/** The same before an exporter is started. */
export interface Place {
  /** For what is not to be read. */
  readonly directory: string
  /** What the exporter is to follow. */
  readonly root: string
  readonly book: Book
  /** The path of a name in the root. */
  path(name: string): string
  /** A writer in the root. */
  open(name: string, options?: LogFileOptions): LogFile
  /** A file in the root that is written and closed at once. */
  write(name: string, count: number, options?: LogFileOptions): void
}

/** Records in a fault that does not say otherwise. */
export const RECORDS = 10_000

/** Makes a root that is removed when the test ends; everybody may look into it. */
export function makePlace(t: Test): Place {
  const directory = temporaryDirectory(t)
  const root = join(directory, 'qlog')
  mkdirSync(root)
  const book = new Book()
  const path = (name: string) => join(root, name)
  return {
    directory,
    root,
    book,
    path,
    open: (name, options) => logFile(t, book, path(name), options),
    write: (name, count, options) => writeLog(book, path(name), count, options),
  }
}

/** Makes a root and starts the exporter on it. */
export async function makeScene(t: Test, options?: ExporterOptions): Promise<Scene> {
  const place = makePlace(t)
  return { ...place, exporter: await startExporter(t, place.root, options) }
}

/** A directory that is removed when the test ends. */
export function temporaryDirectory(t: Test): string {
  const directory = realpathSync(mkdtempSync(join(tmpdir(), 'fault-')))
  t.teardown(() => rmSync(directory, { recursive: true, force: true }))
  return directory
}
