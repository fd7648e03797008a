// Apart from `encode`, which the client of a server also uses where there is no Node.
import { fileURLToPath } from 'node:url'
import { kindOf, text } from './encode'
import { invalid } from './errors'

/** A path of a file or a folder: text, or a `file:` URL. */
export function path(field: string, value: unknown): string {
  if (kindOf(value) !== 'URL') return text(field, value, 'text or a file: URL')
  const url = value as URL
  // Other addresses may contain a password.
  if (url.protocol !== 'file:') throw invalid(field, `a URL that begins with ${url.protocol}`, 'text or a file: URL')
  try {
    return fileURLToPath(url)
  } catch (error) {
    throw invalid(field, `a file: URL that is no path (${(error as Error).message})`, 'text or a file: URL')
  }
}
