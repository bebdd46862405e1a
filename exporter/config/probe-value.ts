import { z } from 'zod'
import { hasUserInfo } from './poll-url.ts'
import { type ProbeUrl, parseProbeUrl } from './probe-url.ts'

/** A URL to probe; `requirement` is the message for everything that `accepts` does not admit. */
export function probeUrl(requirement: string, accepts: (url: ProbeUrl) => boolean = () => true) {
  return z.string({ error: requirement }).transform((written, context): ProbeUrl => {
    const url = parseProbeUrl(written)
    if (url !== undefined && accepts(url)) return url
    const isSecret = hasUserInfo(written)
    const message = isSecret ? 'must not hold a user name or password' : requirement
    context.issues.push({ code: 'custom', message, input: written, params: { isSecret } })
    return z.NEVER
  })
}
