/** Waits for what a socket or a stream does next, and always ends: with it, with an error, or with the close. */
import type { EventEmitter } from 'node:events'
import { ProbeError } from './failure.ts'

/** Resolves with what came with the first of the events; rejects with an error, or once all is closed without any. */
export function happening<T extends unknown[]>(
  emitter: EventEmitter,
  ...events: readonly string[]
): Promise<T> {
  return new Promise((resolve, reject) => {
    const done = () => {
      for (const event of events) emitter.off(event, happened)
      emitter.off('error', failed).off('close', closed)
    }
    const happened = (...args: unknown[]) => {
      done()
      resolve(args as T)
    }
    const failed = (error: Error) => {
      done()
      reject(error)
    }
    const closed = () => {
      done()
      reject(new ProbeError('protocol', `closed before ${events[0]}`))
    }
    for (const event of events) emitter.on(event, happened)
    emitter.on('error', failed).on('close', closed)
  })
}
