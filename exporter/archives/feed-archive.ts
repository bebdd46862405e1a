import { open } from 'node:fs/promises'
import type { Compression } from '../compressed-name.ts'
import { ReadBuffer } from '../tail/desk.ts'
import type { FileSink } from '../tail/sink.ts'
import { newArchive } from './archive.ts'
import { CompressedFault, decompressed } from './decompressed.ts'
import { Reading } from './reading.ts'

/**
 * Feeds a compressed file to its end, piece by piece. `unread` is told why it ends before that, and how many
 * bytes on the disk gave nothing. Throws what the file system throws.
 */
export async function* feedArchive(
  path: string,
  compression: Compression,
  sink: Pick<FileSink, 'feed'>,
  unread: (why: string, bytes: number) => void,
): AsyncGenerator<void, void> {
  const file = await open(path)
  const archive = newArchive(0)
  const reading = new Reading(archive, () => fedOnly(sink), new ReadBuffer())
  const { size } = await file.stat()
  const giveUp = (why: string) => {
    unread(why, size - archive.taken)
    reading.abandon()
  }
  try {
    for await (const piece of decompressed({ file, compression, size })) {
      const refusal = reading.take(piece)
      if (refusal !== undefined) return giveUp(refusal)
      yield
    }
    reading.end()
  } catch (error) {
    if (!(error instanceof CompressedFault)) throw error
    archive.taken = error.at
    giveUp(error.reason)
  } finally {
    await file.close()
  }
}

function fedOnly(sink: Pick<FileSink, 'feed'>): FileSink {
  return {
    feed: (bytes, atEnd) => sink.feed(bytes, atEnd),
    header() {},
    skipToRecord() {},
    silent: () => false,
    closed() {},
    finished: () => false,
    state() {},
  }
}
