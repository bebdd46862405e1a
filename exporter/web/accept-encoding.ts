/**
 * Whether an Accept-Encoding header asks for gzip (RFC 9110 section 12.5.3): its weight must not
 * be 0 and not be below that of an identity that the client has named. No header means no gzip.
 */
export function acceptsGzip(header: string | undefined): boolean {
  if (header === undefined) return false
  const weights = new Map<string, number>()
  for (const element of header.toLowerCase().split(',')) {
    const [coding = '', ...parameters] = element.split(';').map((part) => part.trim())
    const weight = weightOf(parameters)
    if (weight !== undefined) weights.set(coding, weight)
  }
  const gzip = weights.get('gzip') ?? weights.get('x-gzip') ?? weights.get('*') ?? 0
  return gzip > 0 && gzip >= (weights.get('identity') ?? 0)
}

function weightOf(parameters: readonly string[]): number | undefined {
  const [parameter, ...more] = parameters
  if (parameter === undefined) return 1
  const match = /^q=(0(?:\.\d{0,3})?|1(?:\.0{0,3})?)$/.exec(parameter)
  return match === null || more.length > 0 ? undefined : Number(match[1])
}
