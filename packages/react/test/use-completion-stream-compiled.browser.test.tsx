/** Whether these tests run what they say: the compiled hooks and components, or those that are written. */
import { cleanup, render } from '@testing-library/react'
import { afterEach, expect, inject, it } from 'vitest'
import { useCompletionStream } from '../src/index.ts'

afterEach(cleanup)

function Status() {
  const { status } = useCompletionStream({ model: 'm', provider: '/api' })
  return <p>{status}</p>
}

it('runs hooks and components through the compiler in the project that says so, and nowhere else', () => {
  const isCompiled = (one: unknown) => /\$\[\d+\]/.test(String(one))
  expect([isCompiled(useCompletionStream), isCompiled(Status)]).toEqual([inject('isCompiled'), inject('isCompiled')])
  expect(render(<Status />).container.textContent).toBe('idle')
})
