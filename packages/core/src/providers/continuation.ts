/** Going on with an answer where no server can do so by itself: the model is asked to. */
import type { ProviderRequest } from '../types.ts'
import { messagesOf, prefill } from './messages.ts'

const please =
  'Your last message was cut off. Go on with it exactly where it stops, if need be in the middle of a word. Begin with ' +
  'the blank or the line break that belongs there, if any. Repeat nothing of what stands there already, and write ' +
  'nothing else: no introduction, no remark.'

/**
 * For `continuation`: what the answer says so far becomes a message of the assistant, and one of the user asks to go on.
 * Works with every chat model, as well as the model obeys: it may repeat a few words, or lose the blank in between. The
 * shape of the answer (`response_format`) is left out, so that the rest need not begin it anew.
 *
 * @param text what the answer says so far; with '' the request stays as it is
 * @param wording what the user says, for example in the language of the conversation
 */
export function askToContinue(request: ProviderRequest, text: string, wording: string = please): ProviderRequest {
  if (!text) return request
  const begun = prefill(request, text)
  return { ...begun, messages: [...messagesOf(begun), { role: 'user', content: wording }] }
}
