/** The page's mark: a drop above two lines of water. */
import type { ReactNode } from 'react'

/** Decorative; the name stands beside it in words. */
export function Mark(): ReactNode {
  return (
    <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <circle cx="16" cy="7.6" r="2.3" />
      <path d="M6.5 16c3.2-2.9 6.3-2.9 9.5 0s6.3 2.9 9.5 0" />
      <path d="M6.5 23.2c3.2-2.9 6.3-2.9 9.5 0s6.3 2.9 9.5 0" />
    </svg>
  )
}
