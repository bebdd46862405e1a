/** A name server on the loopback interface that says what it is told to, and the files that name it. */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Test } from 'tap'
import { NameFiles } from '../../exporter/probers/name-files.ts'

/** What it says of a name: addresses of both families, an error, or nothing at all. */
export type Said = readonly string[] | 'SERVFAIL' | 'REFUSED' | 'silence'

export interface NameServer {
  /** By name, in lower case; what is not there does not exist. */
  readonly names: Map<string, Said>
  /** `TYPE name`, in order. */
  readonly questions: string[]
  /** Written as in resolv.conf. */
  readonly address: string
}

const TYPES: Readonly<Record<number, string>> = { 1: 'A', 28: 'AAAA' }
const CODES = { SERVFAIL: 2, NXDOMAIN: 3, REFUSED: 5 } as const

export async function nameServer(t: Test): Promise<NameServer> {
  const socket = createSocket('udp4')
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const names = new Map<string, Said>()
  const questions: string[] = []
  socket.on('message', (question, { port, address }) => {
    const { name, type, end } = parse(question)
    questions.push(`${type} ${name}`)
    const said = names.get(name)
    if (said === 'silence') return
    const code = typeof said === 'string' ? CODES[said] : said === undefined ? CODES.NXDOMAIN : 0
    const addresses = Array.isArray(said) ? said.map(bytesOf) : []
    const length = type === 'A' ? 4 : 16
    const records = addresses.filter((bytes) => bytes.length === length)
    const head = Buffer.from(question.subarray(0, 12))
    head.writeUInt16BE(0x8580 | code, 2)
    head.writeUInt16BE(records.length, 6)
    head.writeUInt32BE(0, 8)
    const answers = records.map((bytes) =>
      // The name at offset 12, the type asked for, IN, a TTL of 0, the length.
      Buffer.concat([
        Buffer.from([0xc0, 12, ...question.subarray(end - 4, end), 0, 0, 0, 0, 0, length]),
        bytes,
      ]),
    )
    socket.send(Buffer.concat([head, question.subarray(12, end), ...answers]), port, address)
  })
  t.teardown(() => socket.close())
  return { names, questions, address: `127.0.0.1:${socket.address().port}` }
}

/** The files of a machine, with these lines; they can be written again. */
export function machine(t: Test, hosts: string, resolver: string) {
  const directory = t.testdir()
  const [hostsFile, resolverFile] = [join(directory, 'hosts'), join(directory, 'resolv.conf')]
  writeFileSync(hostsFile, hosts)
  writeFileSync(resolverFile, resolver)
  return { hostsFile, resolverFile, names: new NameFiles(hostsFile, resolverFile) }
}

function parse(question: Buffer) {
  const labels: string[] = []
  let at = 12
  for (let length = question[at] ?? 0; length > 0; length = question[at] ?? 0) {
    labels.push(question.toString('latin1', at + 1, at + 1 + length))
    at += 1 + length
  }
  const end = at + 5
  const type = TYPES[question.readUInt16BE(at + 1)] ?? 'other'
  return { name: labels.join('.').toLowerCase(), type, end }
}

function bytesOf(address: string): Buffer {
  if (!address.includes(':')) return Buffer.from(address.split('.').map(Number))
  const [before = '', after = ''] = address.split('::')
  const groups = (text: string) =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16))
  const [first, last] = [groups(before), groups(after)]
  const all = [...first, ...Array(8 - first.length - last.length).fill(0), ...last]
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 255]))
}
