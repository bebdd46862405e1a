/** The registry of collectors: one line each. */

import { backends } from './backends.ts'
import type { Collector } from './collector.ts'
import { congestion } from './congestion.ts'
import { connections } from './connections.ts'
import { endpoint } from './endpoint.ts'
import { errors } from './errors.ts'
import { handshakes } from './handshakes.ts'
import { http3 } from './http3.ts'
import { loss } from './loss.ts'
import { packets } from './packets.ts'
import { paths } from './paths.ts'
import { recovery } from './recovery.ts'
import { requests } from './requests.ts'
import { transport } from './transport.ts'

export const collectors: readonly Collector[] = [
  connections,
  errors,
  handshakes,
  packets,
  loss,
  recovery,
  congestion,
  paths,
  transport,
  http3,
  requests,
  backends,
  endpoint,
]
