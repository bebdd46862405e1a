import { type FileHandle, open } from 'node:fs/promises'
import { crc32 } from 'node:zlib'
import { type FrameKind, frameHead, HEADER_BYTES, header } from './frame.ts'
import type { Inode } from './inode.ts'

/** A state file that this process writes: it grows by whole frames. */
export class AppendFile implements Inode {
  readonly dev: bigint
  readonly ino: bigint
  readonly #handle: FileHandle
  #end = 0
  #checksum = 0
  #syncFault: Error | undefined

  private constructor(handle: FileHandle, { dev, ino }: Inode) {
    this.#handle = handle
    this.dev = dev
    this.ino = ino
  }

  /** Makes a file, readable by its owner only; rejects with a system error, also if there is one. */
  static async create(path: string): Promise<AppendFile> {
    const handle = await open(path, 'wx', 0o600)
    try {
      const file = new AppendFile(handle, await handle.stat({ bigint: true }))
      const head = header()
      await file.#write([head])
      file.#end = HEADER_BYTES
      file.#checksum = crc32(head)
      return file
    } catch (error) {
      await handle.close()
      throw error
    }
  }

  /** Length up to the last whole frame, bytes. */
  get end(): number {
    return this.#end
  }

  /** Whether a flush failed: what is on the disk is not known from then on. */
  get suspect(): boolean {
    return this.#syncFault !== undefined
  }

  /** Rejects with a system error; then no byte of the frame stays behind, if the disk allows. */
  async append(kind: FrameKind, payload: Uint8Array): Promise<void> {
    const head = frameHead(kind, payload, this.#checksum)
    try {
      await this.#write([head.bytes, payload])
    } catch (error) {
      await this.#cutBack()
      throw error
    }
    this.#end += head.bytes.length + payload.length
    this.#checksum = head.checksum
  }

  /** Waits until all that was appended before is on the disk; after a failure it always rejects. */
  async sync(): Promise<void> {
    // The kernel tells of lost pages once only; a second try would wrongly succeed.
    if (this.#syncFault !== undefined) throw this.#syncFault
    try {
      await this.#handle.datasync()
    } catch (error) {
      this.#syncFault = error as Error
      throw error
    }
  }

  /** Waits for what is under way. */
  close(): Promise<void> {
    return this.#handle.close()
  }

  async #write(buffers: readonly Uint8Array[]): Promise<void> {
    let rest = unwritten(buffers, 0)
    let at = this.#end
    while (rest.length > 0) {
      const { bytesWritten } = await this.#handle.writev(rest, at)
      if (bytesWritten <= 0) throw new Error('the disk takes no bytes')
      at += bytesWritten
      rest = unwritten(rest, bytesWritten)
    }
  }

  async #cutBack(): Promise<void> {
    try {
      await this.#handle.truncate(this.#end)
    } catch {
      // A torn frame stays at the end; whoever reads the file stops before it.
    }
  }
}

/** What is left of buffers of which the first so many bytes are written. */
export function unwritten(buffers: readonly Uint8Array[], written: number): Uint8Array[] {
  const rest: Uint8Array[] = []
  let skip = written
  for (const buffer of buffers) {
    if (skip < buffer.length) rest.push(buffer.subarray(skip))
    skip = Math.max(0, skip - buffer.length)
  }
  return rest
}
