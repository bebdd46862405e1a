/** Where a balancer is asked for its state. */
export type PollUrl =
  /** A socket in the file system. */
  | { readonly form: 'unix'; readonly socketPath: string }
  /** `path` includes the query. */
  | { readonly form: 'http'; readonly host: string; readonly port: number; readonly path: string }

/** Message for a URL of any other form. */
export const POLL_URL_REQUIREMENT =
  'must be unix:/PATH of a socket (at most 107 bytes) or http://HOST:PORT/PATH'

/** The kernel has so many bytes for the path of a socket, a final NUL not counted. */
const SOCKET_PATH_BYTES = 107
const USER_INFO = /^[^/?#]*:?\/\/[^/?#]*@/

/** Whether text names a user or a password, however it is spelled otherwise: it must not be shown. */
export function hasUserInfo(written: string): boolean {
  return USER_INFO.test(written)
}

/** The parts of a URL, or undefined if it is not of a form that can be asked. */
export function parsePollUrl(written: string): PollUrl | undefined {
  const socketPath = /^unix:(?:\/\/(?=\/))?(\/[^\0]*[^/\0])$/.exec(written)?.[1]
  if (socketPath !== undefined) {
    const fits = Buffer.byteLength(socketPath) <= SOCKET_PATH_BYTES
    return fits ? { form: 'unix', socketPath } : undefined
  }
  if (!/^http:\/\/[^/?#\s]/.test(written) || !URL.canParse(written)) return undefined
  const { username, password, hostname, port, pathname, search, hash } = new URL(written)
  if (username !== '' || password !== '' || hash !== '') return undefined
  return {
    form: 'http',
    host: hostname.replace(/^\[(.*)\]$/, '$1'),
    port: port === '' ? 80 : Number(port),
    path: pathname + search,
  }
}
