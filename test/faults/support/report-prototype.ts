// Loaded before the exporter: what records could have put on the prototype of all objects is said
// at the end.

const before = new Set(Object.getOwnPropertyNames(Object.prototype))

process.on('exit', () => {
  const added = Object.getOwnPropertyNames(Object.prototype).filter((name) => !before.has(name))
  process.stderr.write(`added to Object.prototype: [${added}]\n`)
})
