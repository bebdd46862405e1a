/** What a server says first: a ServerHello, or that it wants another ClientHello (RFC 8446 §4.1.3, §4.1.4). */
import { Cursor } from './cursor.ts'
import { CIPHER_SUITES, EXTENSION, GROUP, TLS_1_2, TLS_1_3 } from './tls.ts'

/** An answer to our ClientHello, or why it is none. */
export type Hello =
  | {
      readonly type: 'server_hello' | 'hello_retry_request'
      readonly cipherSuite: number
      /** The group of the key exchange; a HelloRetryRequest with only a cookie has none. */
      readonly group: number | undefined
    }
  | { readonly type: 'invalid'; readonly why: string }

const SERVER_HELLO = 2
/** SHA-256 of `HelloRetryRequest`, in the place of the random bytes. */
const RETRY_RANDOM = Buffer.from(
  'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c',
  'hex',
)
/** Bytes of a share, of the groups that we sent one of. */
const SHARE_BYTES = new Map<number, number>([
  [GROUP.x25519, 32],
  [GROUP.secp256r1, 65],
])

/** The first message of a handshake stream; undefined as long as it is not all there. */
export function serverHello(stream: Buffer): Hello | undefined {
  if (stream.length === 0) return undefined
  const cursor = new Cursor(stream)
  const type = cursor.uint(1)
  if (type !== SERVER_HELLO) return invalid(`handshake message ${type} where a ServerHello belongs`)
  const length = cursor.uint(3)
  const body = cursor.take(length)
  if (!cursor.isOver) return parsed(new Cursor(body))
  // A server that never sends the rest is silent; one that promises too much is not believed.
  return length > 0xffff ? invalid(`a ServerHello of ${length} bytes`) : undefined
}

function parsed(cursor: Cursor): Hello {
  const version = cursor.uint(2)
  const random = cursor.take(32)
  const sessionId = cursor.take(cursor.uint(1))
  const cipherSuite = cursor.uint(2)
  const compression = cursor.uint(1)
  const list = new Cursor(cursor.take(cursor.uint(2)))
  const extensions = new Map<number, Buffer>()
  while (list.left > 0 && !list.isOver) extensions.set(list.uint(2), list.take(list.uint(2)))
  if (cursor.isOver || list.isOver || cursor.left > 0) return invalid('a ServerHello cut off')
  if (version !== TLS_1_2 || sessionId.length > 0 || compression !== 0) {
    return invalid('a ServerHello with fields that answer another hello')
  }
  if (!CIPHER_SUITES.includes(cipherSuite)) return invalid('a cipher suite that was not offered')
  const chosen = extensions.get(EXTENSION.supportedVersions)
  if (chosen?.length !== 2 || chosen.readUInt16BE() !== TLS_1_3) return invalid('not TLS 1.3')
  return random.equals(RETRY_RANDOM)
    ? askedAgain(extensions, cipherSuite)
    : answered(extensions, cipherSuite)
}

function answered(extensions: ReadonlyMap<number, Buffer>, cipherSuite: number): Hello {
  const cursor = new Cursor(extensions.get(EXTENSION.keyShare) ?? Buffer.alloc(0))
  const group = cursor.uint(2)
  const share = cursor.take(cursor.uint(2))
  if (cursor.isOver || cursor.left > 0 || share.length !== SHARE_BYTES.get(group)) {
    return invalid('a key share that answers none of ours')
  }
  return { type: 'server_hello', cipherSuite, group }
}

function askedAgain(extensions: ReadonlyMap<number, Buffer>, cipherSuite: number): Hello {
  const type = 'hello_retry_request'
  const chosen = extensions.get(EXTENSION.keyShare)
  if (chosen === undefined) {
    // Then nothing but a cookie could make the next hello another one.
    return extensions.has(EXTENSION.cookie)
      ? { type, cipherSuite, group: undefined }
      : invalid('a HelloRetryRequest that asks for nothing')
  }
  const group = chosen.length === 2 ? chosen.readUInt16BE() : -1
  const mayBeAsked = Object.values<number>(GROUP).includes(group) && !SHARE_BYTES.has(group)
  return mayBeAsked
    ? { type, cipherSuite, group }
    : invalid('a HelloRetryRequest for a group that it has, or was not offered')
}

function invalid(why: string): Hello {
  return { type: 'invalid', why }
}
