/** A float as Go's strconv writes it shortest: an exponent from a million upwards. */
export function goFloat(value: number): string {
  if (value !== 0 && (Math.abs(value) >= 1e6 || Math.abs(value) < 1e-4)) {
    const [digits, exponent = '+0'] = value.toExponential().split('e')
    return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, '0')}`
  }
  return String(value)
}

/** Milliseconds with the nanosecond as the last digit. */
export function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e6) / 1e6
}

/** Milliseconds with the microsecond as the last digit. */
export function microseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1e3) / 1e3
}

/** A 64-bit float as Rust writes it: whole numbers keep a `.0`. */
export function rustFloat(value: number): string {
  return Number.isInteger(value) ? `${value}.0` : String(value)
}

/** The shortest digits that give back the same 32-bit float, as Rust writes it. */
export function rustFloat32(value: number): string {
  const single = Math.fround(value)
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(single.toPrecision(digits))
    if (Math.fround(short) === single) return rustFloat(short)
  }
  return rustFloat(Number(single.toPrecision(9)))
}
