/** A backend and how it is looked at: what `backendProber` in `index.ts` takes, one shape for each kind. */
import type { Endpoint, HttpSettings, TlsSettings } from './prober.ts'

/** What each kind needs to know. */
interface Shapes {
  /** Healthy: the connection is accepted. */
  readonly tcp: { readonly endpoint: Endpoint }
  /** Healthy: the handshake is completed with a certificate that is taken. */
  readonly tls: { readonly endpoint: Endpoint; readonly tls: TlsSettings }
  /** Healthy: the answer is as expected. Without `tls` it is plain text, h2 then with prior knowledge. */
  readonly http: {
    readonly endpoint: Endpoint
    readonly tls?: TlsSettings
    readonly http: HttpSettings
  }
}

export type BackendProbeKind = keyof Shapes

/** One target; `BackendTarget<'tcp'>` is one of that kind. */
export type BackendTarget<K extends BackendProbeKind = BackendProbeKind> = {
  readonly [P in K]: { readonly kind: P } & Shapes[P]
}[K]
