import { spawnSync } from 'node:child_process'

/** Makes a picture smaller where pngquant is installed; otherwise it is given back as it is. */
export function optimise(png: Buffer): Buffer {
  const { status, stdout } = spawnSync('pngquant', ['--quality=70-98', '--speed=1', '-'], {
    input: png,
    maxBuffer: 64 * 1024 * 1024,
  })
  return status === 0 ? stdout : png
}
