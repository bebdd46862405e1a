/**
 * Loaded before a measured program (`node --import`): reports on file descriptor 3, when the program
 * ends, what the process has used.
 */
import { readFileSync, writeSync } from 'node:fs'

const REPORT = 3

/** Linux counts the memory of the process that forked us into `maxRSS`, but not into `VmHWM`. */
function peakBytes(fallbackKilobytes: number): number {
  try {
    const kilobytes = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    return 1024 * Number(kilobytes ?? fallbackKilobytes)
  } catch {
    return 1024 * fallbackKilobytes
  }
}

process.on('exit', () => {
  const usage = process.resourceUsage()
  const cpuMicroseconds = usage.userCPUTime + usage.systemCPUTime
  writeSync(REPORT, JSON.stringify({ cpuMicroseconds, peakBytes: peakBytes(usage.maxRSS) }))
})
