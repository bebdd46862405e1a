/** The registry of collectors: one line each. */

import type { Collector } from './collector.ts'
import { congestion } from './congestion.ts'
import { connections } from './connections.ts'
import { errors } from './errors.ts'
import { handshakes } from './handshakes.ts'
import { http3 } from './http3.ts'
import { loss } from './loss.ts'
import { packets } from './packets.ts'
import { paths } from './paths.ts'
import { recovery } from './recovery.ts'
import { transport } from './transport.ts'
import { unseen } from './unseen.ts'

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
  unseen,
]
