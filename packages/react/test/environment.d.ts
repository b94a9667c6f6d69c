/** What the tests know beside the types of their tools. */
import 'vitest'

declare global {
  /** React's switch for test environments, which its own types leave out. */
  var IS_REACT_ACT_ENVIRONMENT: boolean
}

declare module 'vitest' {
  interface ProvidedContext {
    /** The React that the tests run on. */
    reactMajor: string
    /** Whether React's compiler was at them. */
    isCompiled: boolean
  }
}
