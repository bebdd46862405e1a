import t from 'tap'
import { introduction } from '../scripts/demo/introduction.ts'
import { readOptions } from '../scripts/demo/options.ts'
import { readPage } from '../scripts/demo/page.ts'
import { painter } from '../scripts/demo/paint.ts'
import { Screen } from '../scripts/demo/screen.ts'

const page = readPage(`# HELP quic_connections_total started
quic_connections_total{source="caddy"} 1234
quic_connections_total{source="quiche"} 7
quic_connections_active{source="caddy"} 3
quic_connection_migrations_total{source="caddy",kind="nat_rebinding"} 5
quic_connection_migrations_total{source="caddy",kind="active"} 2
quic_packets_lost_total{source="quiche",trigger="unknown"} 11
quic_packets_spuriously_lost_total{source="caddy"} 9
quic_rtt_seconds_sum{source="caddy"} 0.125
quic_rtt_seconds_count{source="caddy"} 5
quic_exporter_read_bytes_total{source="caddy"} 2500000
quic_exporter_lag_bytes{source="caddy"} 812
`)
const plain = painter(false, {})

function screenOf(isTTY: boolean, columns = 80) {
  const written: string[] = []
  const write = (text: string) => written.push(text) > 0
  return { screen: new Screen({ isTTY, columns, write }, plain), written }
}

t.test('a terminal shows one small block, drawn over the one before', async (t) => {
  const { screen, written } = screenOf(true)
  screen.show(page, 65.4)
  screen.show(page, 66.4)
  const [first = '', second = ''] = written
  const lines = first.replaceAll('\x1b[K', '').replace('\x1b[J', '').trim().split('\n')
  t.ok(lines.length <= 10, `${lines.length} lines`)
  t.ok(lines.every((line) => line.length < 80))
  t.match(first, /caddy +1,234 +3 +5 +2 +– +– +9 +25\.0 ms/)
  t.match(first, /quiche +7 +– +– +– +– +11 +– +–/, 'what is absent is not shown as 0')
  t.match(first, '1:05  2.5 MB of logs read, lag 0.8 kB')
  t.notMatch(first, /\d+A/, 'there is nothing above to draw over')
  t.ok(second.startsWith(`\x1b[${lines.length}A\r`))
})

t.test('a narrow terminal cuts lines, as wrapped ones would not be drawn over', async (t) => {
  const { screen, written } = screenOf(true, 30)
  screen.show(page, 1)
  const lines = (written[0] ?? '').replaceAll('\x1b[K', '').replace('\x1b[J', '').split('\n')
  t.ok(lines.every((line) => line.replace('\r', '').length < 30))
})

t.test('without a terminal there are plain lines, and not many', async (t) => {
  const { screen, written } = screenOf(false)
  for (const second of [0.2, 1.2, 4.9, 6.2, 7.1, 11.3]) screen.show(page, second)
  t.equal(written.length, 3)
  t.notMatch(written.join(''), '\x1b')
  t.match(written[1], /^0:06 .*; connections begun 1,241, open 3; moves NAT 5, active 2, failed –;/)
  t.ok(written.every((line) => line.indexOf('\n') === line.length - 1))
})

t.test('colour is for terminals that want it', async (t) => {
  t.equal(painter(true, {})('red', 'x'), '\x1b[31mx\x1b[39m')
  t.equal(painter(true, { NO_COLOR: '' })('red', 'x'), '\x1b[31mx\x1b[39m')
  t.equal(painter(true, { NO_COLOR: '1' })('red', 'x'), 'x')
  t.equal(painter(true, { TERM: 'dumb' })('red', 'x'), 'x')
  t.equal(painter(false, {})('red', 'x'), 'x')
})

t.test('the introduction names five things to see, in 80 columns', async (t) => {
  const text = introduction('http://127.0.0.1:19114/metrics', plain)
  t.ok(text.split('\n').every((line) => line.length < 80))
  t.equal(text.match(/^ {2}quic_/gm)?.length, 5)
})

t.test('options', async (t) => {
  const read = (line: string, isTerminal = true) =>
    readOptions(line === '' ? [] : line.split(' '), isTerminal)
  t.same(read(''), { type: 'live', speed: 1 })
  t.same(read('', false), { type: 'once' })
  t.same(read('--once'), { type: 'once' })
  t.same(read('--live', false), { type: 'live', speed: 1 })
  t.same(read('--speed 2.5'), { type: 'live', speed: 2.5 })
  t.same(read('--live --speed=100', false), { type: 'live', speed: 100 })
  t.same(read('--help --once'), { type: 'help' })
  t.same(read('-h'), { type: 'help' })
})

t.test('options that make no sense are told', async (t) => {
  const wrongs = {
    '--onec': 'unknown option --onec: did you mean --once?',
    '--fast=2': 'unknown option --fast',
    '-x': 'unknown option -x',
    now: 'no argument now is taken',
    '--once=yes': '--once takes no value',
    '--once --live': '--live and --once exclude each other',
    '--speed': '--speed takes a number above 0, at most 100',
    '--speed --once': '--speed takes a number above 0, at most 100',
    '--speed 0': '--speed takes a number above 0, at most 100',
    '--speed=': '--speed takes a number above 0, at most 100',
    '--speed 101': '--speed takes a number above 0, at most 100',
  }
  for (const [line, text] of Object.entries(wrongs)) {
    t.same(readOptions(line.split(' '), true), { type: 'wrong', text }, line)
  }
})
