/** The error codes in a few words. */
import type { CompletionErrorCode } from 'completion-stream'

/** What went wrong, as a title. */
export const TITLES: Record<CompletionErrorCode, string> = {
  interrupted: 'Interrupted',
  bad_request: 'Request not accepted',
  limit_exceeded: 'Answer too large',
  authentication: 'Key not accepted',
  permission: 'Not allowed',
  rate_limit: 'Rate limited',
  server: 'Server error',
  overloaded: 'Provider overloaded',
  network: 'Not reachable',
  timeout: 'Timed out',
  not_found: 'Not found',
  provider: 'Provider error',
  invalid_response: 'Unreadable answer',
  context_window_exceeded: 'Conversation too long',
  content_policy: 'Against the content policy',
}
