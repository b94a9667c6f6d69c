/** Which React these tests run on. */
import { render } from '@testing-library/react'
import { version } from 'react'
import { version as domVersion } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server.browser'
import { expect, inject, it } from 'vitest'
import { useCompletionStream } from '../src/index.ts'

it('runs on the React that the project is about, everywhere', () => {
  const major = inject('reactMajor')
  expect([version, domVersion].map((one) => one.split('.')[0])).toEqual([major, major])
  // Hooks throw when the React that renders is another one than theirs.
  function Status() {
    return <p>{useCompletionStream({ model: 'm', provider: '/api' }).status}</p>
  }
  expect(render(<Status />).container.textContent).toBe('idle')
  expect(renderToString(<Status />)).toBe('<p>idle</p>')
  expect(createRoot.length).toBeGreaterThan(0)
})
