/** The canonical spelling of a bucket's upper bound: what Prometheus makes of it (`0.5`, `4096.0`, `3.3554432e+07`). */
export function canonicalBound(bound: number): string {
  if (bound === Number.POSITIVE_INFINITY) return '+Inf'
  if (bound !== 0 && (Math.abs(bound) < 1e-4 || Math.abs(bound) >= 1e6)) {
    const [mantissa, exponent = '0'] = bound.toExponential().split('e')
    const sign = exponent.startsWith('-') ? '-' : '+'
    return `${mantissa}e${sign}${exponent.replace(/^[+-]/, '').padStart(2, '0')}`
  }
  return Number.isInteger(bound) ? `${bound}.0` : String(bound)
}
