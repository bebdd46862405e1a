/**
 * Where a redirect leads, if it leads to the same backend: to the origin that was asked, by the name that was told
 * in `Host` or by the one of the target itself. It is then asked on a new connection to the same address, which is
 * not resolved anew; any other host, port or scheme is not followed, so that an answer cannot make us connect to
 * anything that is not configured.
 */
import { ProbeError } from './failure.ts'
import type { Question } from './question.ts'

const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308])

/** Whether a status asks to look elsewhere (RFC 9110 §15.4). */
export function isRedirect(status: number): boolean {
  return REDIRECTS.has(status)
}

/** The next question; `own` is the authority of the target. Throws `status` if it leads elsewhere. */
export function redirected(
  asked: Question,
  status: number,
  location: string,
  own: string,
): Question {
  const { scheme, authority, method } = asked
  const base = `${scheme}://${authority}${asked.path}`
  const url = URL.parse(location, base)
  const same = [authority, own].find(
    (known) => URL.parse(`${scheme}://${known}`)?.host === url?.host,
  )
  if (url === null || url.protocol !== `${scheme}:` || same === undefined) {
    throw new ProbeError('status', `${status} redirects elsewhere: ${JSON.stringify(location)}`)
  }
  // RFC 9110 §15.4.2–4: a POST becomes a GET, unless the status says that it must not.
  const isKept = method === 'GET' || method === 'HEAD' || status === 307 || status === 308
  return {
    scheme,
    authority: same,
    path: url.pathname + url.search,
    method: isKept ? method : 'GET',
  }
}
