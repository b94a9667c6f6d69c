/** Everyone who takes part, the floor first: the others are measured as multiples of it. */
import type { Contestant } from '../contestant.ts'
import { eventsourceParser } from './eventsource-parser.ts'
import { finalCompletion } from './final-completion.ts'
import { floor } from './floor.ts'
import { forAwait } from './for-await.ts'
import { openaiClient } from './openai-client.ts'

export const contestants: readonly Contestant[] = [floor, eventsourceParser, finalCompletion, forAwait, openaiClient]
