/** A button that copies a text and says so. */
import { useEffect, useState, type ReactNode } from 'react'

/** `what` completes the label: "Copy code". */
export function CopyButton({ text, what }: { text: string; what: string }): ReactNode {
  const [result, setResult] = useState<'copied' | 'failed'>()
  useEffect(() => {
    if (!result) return
    const timer = setTimeout(() => setResult(undefined), 2000)
    return () => clearTimeout(timer)
  }, [result])

  function copy(): void {
    navigator.clipboard.writeText(text).then(
      () => setResult('copied'),
      () => setResult('failed'),
    )
  }

  const label = result === 'copied' ? 'Copied' : result === 'failed' ? 'Not copied' : 'Copy'
  return (
    <button type="button" className="ghost" onClick={copy} aria-label={result ? undefined : `Copy ${what}`}>
      {label}
    </button>
  )
}
