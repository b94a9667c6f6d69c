/** What `openaiResponses()` sends, against the AI SDK's `openai.responses()` that stores nothing either. */
import { createOpenAI } from '@ai-sdk/openai'
import { defaultSettingsMiddleware, wrapLanguageModel } from 'ai'
import { openaiResponses } from '../../src/index.ts'
import { chatRules, describeParity } from './capture.ts'

const noField = 'The API has no such field. The AI SDK leaves it out and warns; here nothing is left out unseen.'

/** The conversation holds a summary apart from the reasoning, as other wires give it out; this one keeps it within. */
const noSummary = (text: string) => ({
  path: 'input.1.summary',
  ours: [],
  theirs: [{ type: 'summary_text', text }],
  why: 'The encrypted content is the reasoning; a summary is for people to read.',
})

describeParity({
  wire: 'responses',
  model: 'gpt-4o-mini',
  ours: openaiResponses({ apiKey: 'key' }),
  theirs: (model, fetch) =>
    wrapLanguageModel({
      model: createOpenAI({ apiKey: 'key', fetch }).responses(model),
      middleware: defaultSettingsMiddleware({ settings: { providerOptions: { openai: { store: false } } } }),
    }),
  headers: ['authorization', 'content-type'],
  rules: [
    {
      why: 'An empty text says nothing.',
      apply(body) {
        for (const item of body.input)
          if (Array.isArray(item.content))
            item.content = item.content.filter((part: { text?: string }) => part.text !== '')
        body.input = body.input.filter((item: { content?: unknown }) => item.content !== '')
      },
    },
    {
      why: 'A content of one text part is that text.',
      apply({ input }) {
        for (const item of input)
          if (item.content?.length === 1 && item.content[0].type === 'input_text') item.content = item.content[0].text
      },
    },
    chatRules.autoChoice,
  ],
  cases: {
    // OpenAI hears nothing and says so. Other servers may, so here the part goes out as it is.
    'a recording': { theyRefuse: { error: 'audio/wav', why: 'The API has no such part.' } },
    'a token limit, a temperature and stop sequences': {
      weRefuse: { error: 'The Responses API cannot take `stop`.', why: noField },
      theyWarn: ['stopSequences'],
    },
    'a token limit under its newer name and one stop sequence': {
      weRefuse: { error: 'The Responses API cannot take `stop`.', why: noField },
      theyWarn: ['stopSequences'],
    },
    'a seed': {
      weRefuse: { error: 'The Responses API cannot take `seed`.', why: noField },
      theyWarn: ['seed'],
    },
    penalties: {
      weRefuse: { error: 'The Responses API cannot take `frequency_penalty`.', why: noField },
      theyWarn: ['frequencyPenalty', 'presencePenalty'],
    },
    'a thinking budget': {
      weRefuse: {
        error: 'The Responses API cannot take `thinking`.',
        why: 'It has efforts, no budgets. The AI SDK has no word of its own for a budget, so here it asks for none.',
      },
    },
    'a reasoning effort': {
      model: 'gpt-5-mini',
      differences: [
        {
          path: 'reasoning.summary',
          ours: undefined,
          theirs: 'detailed',
          why: 'OpenAI gives summaries to verified organisations only and refuses the others: whoever wants one asks for it (`reasoning: { summary }`).',
        },
      ],
    },
    // The AI SDK knows by the name that this model reasons.
    'reasoning sent back': { model: 'gpt-5-mini', differences: [noSummary('Let me try 7: 7 times 13 is 91.')] },
    'reasoning sent back with the calls that it led to': {
      model: 'gpt-5-mini',
      differences: [noSummary('Two cities, so two calls.')],
    },
  },
})
