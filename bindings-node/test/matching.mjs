// Compares a result with the expected one, by the rules of ../../tests/vectors/README.md.

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const TIMESTAMP = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

/** Why `found` is not what is expected, if it is not. Numbers may differ by a share of `tolerance`. */
export function difference(found, expected, place, tolerance = 1e-9) {
  const different = `${place} is ${JSON.stringify(found)}, expected ${JSON.stringify(expected)}`
  if (expected === '$any') return undefined
  if (expected === '$uuid') return UUID.test(found) ? undefined : different
  if (expected === '$timestamp') return TIMESTAMP.test(found) ? undefined : different
  if (typeof expected === 'number' && typeof found === 'number') {
    return Math.abs(found - expected) <= tolerance * Math.abs(expected) ? undefined : different
  }
  if (typeof expected !== 'object' || expected === null) return found === expected ? undefined : different
  if (typeof found !== 'object' || found === null || Array.isArray(found) !== Array.isArray(expected))
    return different
  if (Array.isArray(expected) && found.length !== expected.length) return different
  for (const [name, value] of Object.entries(expected)) {
    if (!Object.hasOwn(found, name)) return `${place}.${name} is missing, expected ${JSON.stringify(value)}`
    const wrong = difference(found[name], value, `${place}.${name}`, tolerance)
    if (wrong) return wrong
  }
  return undefined
}

/** The value with `${name.path}` replaced by what is saved there: a whole text by the value, a part by its text. */
export function substituted(value, saved) {
  if (typeof value === 'string') {
    const at = (path) => path.split('.').reduce((found, part) => found[part], saved)
    const whole = /^\$\{([^}]+)\}$/.exec(value)
    return whole ? at(whole[1]) : value.replace(/\$\{([^}]+)\}/, (_, path) => at(path))
  }
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => substituted(item, saved))
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, substituted(item, saved)]))
}
