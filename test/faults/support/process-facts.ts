import { readdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs'

/** The kernel gives CPU time in this unit on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100

const MIB = 1024 * 1024

/** Resident memory of a process in bytes: now, and the most since `forgetPeak` or the start. */
export function memoryOf(pid: number): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const bytes = (name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024
  return { now: bytes('VmRSS'), peak: bytes('VmHWM') }
}

/** Lets the peak of resident memory begin anew. */
export function forgetPeak(pid: number): void {
  writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** CPU time of a process so far, in seconds. */
export function cpuSecondsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Bytes that a process has read by system calls so far, from files and everything else. */
export function bytesReadBy(pid: number): number {
  return Number(/^rchar: (\d+)$/m.exec(readFileSync(`/proc/${pid}/io`, 'utf8'))?.[1])
}

/** What the descriptors of a process lead to. */
export function descriptorsOf(pid: number): string[] {
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      return [readlinkSync(`/proc/${pid}/fd/${fd}`)]
    } catch {
      return []
    }
  })
}

/** `+3 MiB`. */
export function growth(before: number, after: number): string {
  const mib = Math.round((after - before) / MIB)
  return `${mib < 0 ? '' : '+'}${mib} MiB`
}

/** 32 MiB: what passing over something huge may take. */
export const FEW_BYTES = 32 * MIB
