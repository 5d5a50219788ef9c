/** Names of languages from the MIME types of editors; the server knows their aliases. */

/** Return the name of the language of `mimeType`: `python` for `text/x-python`, `r` for `text/x-rsrc`. */
export function languageOfMime(mimeType: string): string {
  const subtype = mimeType.split(';')[0].trim().replace(/^.*\//, '');
  return subtype.replace(/^x-/, '').replace(/src$/, '');
}

/** Tell whether a language is prose, for which suggestions are a setting. */
export function isProse(language: string): boolean {
  return ['markdown', 'ipythongfm', 'gfm', 'plain', 'latex', 'x-rst', 'rst', 'html'].includes(language);
}
