import type { Random } from './random.ts'

type Field = readonly [string, string]

/**
 * Request fields with the text that breaks readers who search lines instead of parsing them: quotes
 * in client hints, letters of more than one byte, and a value that looks like an event.
 */
export function requestFields(random: Random): readonly Field[] {
  const fields: Field[] = [
    [':method', random.chance(0.9) ? 'GET' : 'POST'],
    [':scheme', 'https'],
    [':authority', 'lb.test:8443'],
    [':path', `/items/${random.integer(1, 99_999)}?q=${random.hex(6)}`],
  ]
  if (random.chance(0.5)) {
    fields.push(['sec-ch-ua', '"Chromium";v="142", "Not;A=Brand";v="8"'])
    fields.push(['accept-language', 'pt-PT,pt;q=0.9'])
  }
  if (random.chance(0.4)) fields.push(['x-note', 'x","name":"transport:packet_sent","data":{'])
  if (random.chance(0.2))
    fields.push(['referer', 'https://lb.test/café?frame_type="path_challenge"'])
  fields.push(['user-agent', 'nghttp3/ngtcp2 client'])
  return fields
}

/** Response fields; one in eight is an error. */
export function responseFields(random: Random): readonly Field[] {
  return [
    [':status', random.pick(['200', '200', '200', '200', '200', '204', '304', '404', '503'])],
    ['via', '1.1 Caddy'],
    ['content-length', String(random.integer(0, 150_000))],
    ['x-backend', `b${random.integer(1, 4)}`],
    ['content-type', 'text/html; charset="utf-8"'],
  ]
}
