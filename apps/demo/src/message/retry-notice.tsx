/** The notice as one sees it: what happened, what is done about it, and the seconds until then. */
import { useEffect, useState, type ReactNode } from 'react'
import { OFFLINE, type Notice } from './notice.ts'

/** One failure; give each its own key, so that the seconds count from its beginning. What is read aloud is elsewhere. */
export function RetryNotice({ notice }: { notice: Notice }): ReactNode {
  const { reason, action, attempt, delayMs } = notice
  const seconds = useCountdown(delayMs)
  const wait = seconds > 0 ? ` in ${seconds} s` : ' …'
  return (
    <p className="notice">
      <span className="notice-reason">{reason}</span> {delayMs === Infinity ? OFFLINE : `${action}${wait}`}
      {attempt && <span className="notice-attempt"> {attempt}</span>}
    </p>
  )
}

/** The seconds that are left, rounded up; 0 when it is over. */
function useCountdown(ms: number): number {
  const [elapsed, setElapsed] = useState(0)
  useEffect(() => {
    if (!(ms < Infinity)) return
    const began = performance.now()
    const timer = setInterval(() => {
      const passed = performance.now() - began
      setElapsed(passed)
      if (passed >= ms) clearInterval(timer)
    }, 250)
    return () => clearInterval(timer)
  }, [ms])
  return ms < Infinity ? Math.max(0, Math.ceil((ms - elapsed) / 1000)) : 0
}
