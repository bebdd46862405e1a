import { isIPv4, isIPv6 } from 'node:net'

/** A place to listen, or the reason why the text does not name one. */
export type ListenAddress =
  | {
      readonly type: 'address'
      readonly text: string
      /** Absent: all interfaces. */
      readonly host?: string
      readonly port: number
    }
  | { readonly type: 'invalid'; readonly message: string }

const HOST_AND_PORT = /^(?:\[(?<bracketed>[^\]]*)\]|(?<plain>[^:[\]]*)):(?<port>[^:]*)$/
const HOST_NAME = /^(?!-)[\w-]+(?:\.[\w-]+)*\.?$/

/** Reads `:19114`, `0.0.0.0:19114`, `[::1]:0` or `localhost:9`; port 0 lets the system choose. */
export function parseListenAddress(text: string): ListenAddress {
  const { bracketed, plain = '', port = '' } = HOST_AND_PORT.exec(text)?.groups ?? {}
  if (bracketed === undefined && plain === '' && port === '') {
    return invalid(text, 'expected HOST:PORT, :PORT or [IPV6]:PORT')
  }
  if (!/^\d{1,5}$/.test(port) || Number(port) > 65535) {
    return invalid(text, 'the port must be a number from 0 to 65535')
  }
  if (bracketed !== undefined && !isIPv6(bracketed)) {
    return invalid(text, 'the brackets must hold an IPv6 address')
  }
  if (/^[\d.]+$/.test(plain) ? !isIPv4(plain) : plain !== '' && !HOST_NAME.test(plain)) {
    return invalid(text, 'the host must be a name, an IPv4 address or an IPv6 address in brackets')
  }
  const host = bracketed ?? plain
  return { type: 'address', text, port: Number(port), ...(host === '' ? {} : { host }) }
}

function invalid(text: string, reason: string): ListenAddress {
  return { type: 'invalid', message: `cannot listen on ${JSON.stringify(text)}: ${reason}` }
}
