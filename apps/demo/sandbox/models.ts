/** The names of the sandbox's two models, as its provider knows them. */

/** The one that answers. */
export const DOCS_GUIDE = 'docs-guide'

/** The one that a page may fall back on. */
export const UNDERSTUDY = 'understudy'
