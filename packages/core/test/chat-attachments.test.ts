/** Files in a question: what becomes of each on the wire, and what happens while they are read. */
import { describe, expect, it, vi } from 'vitest'
import { anthropic, createChat, gemini, openai, openaiResponses } from '../src/index.ts'
import type { Attachment, ChatInput, ContentPart, UserMessage } from '../src/index.ts'
import { chatOf, done, lever, open, says } from './conversation.ts'
import type { Conversation } from './conversation.ts'
import { chunk, whole } from './http.ts'

const base64 = (text: string | Uint8Array) => Buffer.from(text).toString('base64')
const bytes = Uint8Array.of(0x89, 0x50, 0xff, 0)
const file = (name: string, type: string, content: string | Uint8Array<ArrayBuffer> = bytes) =>
  new File([content], name, { type })
const contentOf = (talk: Conversation, n = 0) => talk.sent(n).at(-1)!.content as ContentPart[]
const texts = ({ chat }: Conversation) => chat.getState().messages.map(({ text }) => text)
const next = () => new Promise((resolve) => setTimeout(resolve, 5))

/** What a request carries for a file. */
async function wireFor(attachment: File | Blob | Attachment): Promise<ContentPart> {
  const talk = chatOf([whole('Fine.')])
  await talk.chat.sendMessage({ attachments: [attachment] })
  expect(contentOf(talk)).toHaveLength(1)
  return contentOf(talk)[0]!
}

/** A file that is read when a test says so. */
function slowFile(name = 'slow.txt') {
  const { promise, resolve, reject } = lever<void>()
  const slow = file(name, 'text/plain', name)
  const read = slow.arrayBuffer.bind(slow)
  slow.arrayBuffer = () => promise.then(read)
  return { slow, resolve: () => resolve(), reject }
}
const unreadable = (): File => {
  const { slow, reject } = slowFile()
  reject(new DOMException('The file has changed.', 'NotReadableError'))
  return slow
}

describe('on the wire', () => {
  it.each<[string, File | Blob | Attachment, ContentPart]>([
    [
      'a picture is an image',
      file('a.png', 'image/png'),
      { type: 'image_url', image_url: { url: `data:image/png;base64,${base64(bytes)}` } },
    ],
    [
      'a picture of the clipboard, without a name, too',
      new Blob([bytes], { type: 'image/jpeg' }),
      { type: 'image_url', image_url: { url: `data:image/jpeg;base64,${base64(bytes)}` } },
    ],
    [
      'a picture elsewhere is its address',
      { url: 'https://x.example/a.png', mediaType: 'image/png' },
      { type: 'image_url', image_url: { url: 'https://x.example/a.png' } },
    ],
    [
      'a sound is audio',
      file('a.mp3', 'audio/mpeg'),
      { type: 'input_audio', input_audio: { data: base64(bytes), format: 'mp3' } },
    ],
    [
      'a sound of another browser as well',
      file('a.wav', 'audio/x-wav'),
      { type: 'input_audio', input_audio: { data: base64(bytes), format: 'wav' } },
    ],
    [
      'a recording, whose type has parameters with a comma, is whole',
      file('a.webm', 'video/webm;codecs=vp8,opus'),
      { type: 'file', file: { filename: 'a.webm', file_data: `data:video/webm;base64,${base64(bytes)}` } },
    ],
    [
      'a PDF is a file',
      file('a.pdf', 'application/pdf'),
      { type: 'file', file: { filename: 'a.pdf', file_data: `data:application/pdf;base64,${base64(bytes)}` } },
    ],
    [
      'a PDF elsewhere is its address',
      { url: 'https://x.example/a.pdf', mediaType: 'application/pdf', name: 'a.pdf' },
      { type: 'file', file: { filename: 'a.pdf', file_data: 'https://x.example/a.pdf' } },
    ],
    [
      'a text is told in words',
      file('Größe "1".txt', 'text/plain', 'Zwölf µ\n'),
      { type: 'text', text: '<document name="Größe \\"1\\".txt">\nZwölf µ\n\n</document>' },
    ],
    [
      'so is JSON, also with parameters',
      file('a.json', 'application/json;charset=utf-8', '{"a":1}'),
      { type: 'text', text: '<document name="a.json">\n{"a":1}\n</document>' },
    ],
    [
      'so is a text whose type the browser does not know',
      file('main.rs', '', 'fn main() {}'),
      { type: 'text', text: '<document name="main.rs">\nfn main() {}\n</document>' },
    ],
    [
      'what is told to be a text with parameters is one',
      { url: 'data:application/json;base64,e30=', mediaType: 'application/json; charset=utf-8' },
      { type: 'text', text: '<document>\n{}\n</document>' },
    ],
    [
      'what is no text but could be read as one is a file',
      file('a.bin', '', Uint8Array.of(65, 0)),
      { type: 'file', file: { filename: 'a.bin', file_data: 'data:application/octet-stream;base64,QQA=' } },
    ],
    [
      'bytes whose type nobody knows are a file',
      file('a.bin', ''),
      { type: 'file', file: { filename: 'a.bin', file_data: `data:application/octet-stream;base64,${base64(bytes)}` } },
    ],
    [
      'a text in a data URL is one as well',
      { url: 'data:text/markdown,%23%20Hi' },
      { type: 'text', text: '<document>\n# Hi\n</document>' },
    ],
    [
      'a data URL that cannot be read is sent as it is',
      { url: 'data:text/plain,100%' },
      { type: 'file', file: { filename: 'file', file_data: 'data:text/plain,100%' } },
    ],
  ])('%s', async (_, attachment, part) => {
    expect(await wireFor(attachment)).toEqual(part)
  })

  it('several files come in their order, before the question, of any list', async () => {
    const files = [file('1.txt', 'text/plain', 'one'), file('2.png', 'image/png'), file('3.txt', 'text/plain', 'three')]
    const fileList = { length: 3, 0: files[0]!, 1: files[1]!, 2: files[2]!, item: (i: number) => files[i] }
    for (const attachments of [files, new Set(files), fileList]) {
      const talk = chatOf([whole('Fine.')])
      await talk.chat.sendMessage({ text: 'What are they?', attachments })
      expect(contentOf(talk).map((part) => (part.type === 'text' ? part.text : part.type))).toEqual([
        '<document name="1.txt">\none\n</document>',
        'image_url',
        '<document name="3.txt">\nthree\n</document>',
        'What are they?',
      ])
      const [question] = talk.chat.getState().messages as UserMessage[]
      expect(question).toMatchObject({ text: 'What are they?' })
      expect(question!.parts.map((part) => (part.type === 'file' ? part.file.name : part.type))).toEqual([
        'text',
        '1.txt',
        '2.png',
        '3.txt',
      ])
    }
  })

  it.each<[string, ChatInput]>([
    ['none', { text: 'Hi' }],
    ['null, as a field without files has', { text: 'Hi', attachments: null }],
    ['an empty list', { text: 'Hi', attachments: [] }],
  ])('of %s is nothing but the text', async (_, input) => {
    const talk = chatOf([whole('Fine.')])
    await talk.chat.sendMessage(input)
    expect(talk.sent(0)).toEqual([{ role: 'user', content: 'Hi' }])
  })

  it('a big file is whole, and kept as JSON with the conversation', async () => {
    const big = new Uint8Array(3 * 1024 * 1024 + 1).map((_, i) => (i * 7) % 251)
    const talk = chatOf([whole('Fine.')])
    await talk.chat.sendMessage({ text: 'Big', attachments: [file('big.png', 'image/png', big)] })
    const url = (n: Conversation) => {
      const [part] = n.sent(0)[0]!.content as ContentPart[]
      return part?.type === 'image_url' ? part.image_url.url : ''
    }
    expect(url(talk) === `data:image/png;base64,${base64(big)}`).toBe(true)
    const initialMessages = JSON.parse(JSON.stringify(talk.chat.getState().messages))
    const other = chatOf([whole('Fine.')], { initialMessages })
    await other.chat.sendMessage('And?')
    expect(url(other) === url(talk)).toBe(true)
  })

  it.each([
    ['openai', openai({ apiKey: 'k' })],
    ['openaiResponses', openaiResponses({ apiKey: 'k' })],
    ['anthropic', anthropic({ apiKey: 'k' })],
    ['gemini', gemini({ apiKey: 'k' })],
  ])('is what %s takes', async (name, provider) => {
    const files = [
      file('a.png', 'image/png'),
      { url: 'https://x.example/a.png', mediaType: 'image/png' },
      file('a.txt', 'text/plain', 'Zwölf'),
      file('a.csv', 'text/csv', 'a,b'),
      file('a.pdf', 'application/pdf'),
      ...(name === 'openai' || name === 'gemini' ? [file('a.mp3', 'audio/mpeg')] : []),
    ]
    const talk = chatOf([whole('Fine.')])
    await talk.chat.sendMessage({ text: 'What?', attachments: files })
    const { body } = await provider.request({ model: 'm', messages: talk.sent(0) })
    const sent = JSON.stringify(body)
    for (const piece of [base64(bytes), 'https://x.example/a.png', 'Zwölf', 'a,b', 'application/pdf', 'What?'])
      expect(sent).toContain(piece)
  })
})

describe('while files are read', () => {
  it('the chat is `submitted`, and one that is idle shows the question once it can be asked', async () => {
    const talk = chatOf([whole('Fine.')])
    const { slow, resolve } = slowFile()
    const asked = talk.chat.sendMessage({ text: 'One', attachments: [slow] })
    expect(talk.chat.getState()).toMatchObject({ status: 'submitted', messages: [] })
    await next()
    expect(talk.exchanges).toHaveLength(0)
    resolve()
    expect(await asked).toBe(talk.last())
    expect(texts(talk)).toEqual(['One', 'Fine.'])
  })

  it('an answer that is arriving goes on until the question can be asked', async () => {
    const talk = chatOf([open(says('Hel')), whole('Fine.')])
    const first = talk.chat.sendMessage('Hi')
    await vi.waitFor(() => expect(talk.last().text).toBe('Hel'))
    const { slow, resolve } = slowFile()
    const asked = talk.chat.sendMessage({ text: 'One', attachments: [slow] })
    talk.exchanges[0]!.write(says('lo'))
    await vi.waitFor(() => expect(talk.last()).toMatchObject({ status: 'streaming', text: 'Hello' }))
    resolve()
    expect(await first).toMatchObject({ status: 'stopped', text: 'Hello' })
    await asked
    expect(texts(talk)).toEqual(['Hi', 'Hello', 'One', 'Fine.'])
  })

  it('a text that comes meanwhile comes after, and interrupts as it would have', async () => {
    const talk = chatOf([whole('2')])
    const { slow, resolve } = slowFile()
    const one = talk.chat.sendMessage({ text: 'One', attachments: [slow] })
    const two = talk.chat.sendMessage('Two')
    await next()
    expect(talk.exchanges).toHaveLength(0)
    resolve()
    expect(await one).toMatchObject({ status: 'stopped' })
    expect(await two).toMatchObject({ status: 'ready', text: '2' })
    expect(texts(talk).filter((_, i) => i !== 1)).toEqual(['One', 'Two', '2'])
  })

  it('a file that is read sooner waits for those before it, in a queue as well', async () => {
    for (const whenBusy of ['interrupt', 'queue'] as const) {
      const talk = chatOf([whole('1'), whole('2'), whole('3')], { whenBusy })
      const { slow, resolve } = slowFile()
      const one = talk.chat.sendMessage({ text: 'One', attachments: [slow] })
      const two = talk.chat.sendMessage({ text: 'Two', attachments: [file('a.txt', 'text/plain', 'a')] })
      const three = talk.chat.sendMessage('Three')
      await next()
      resolve()
      await Promise.all([one, two, three])
      await next()
      const questions = talk.chat.getState().messages.filter(({ role }) => role === 'user')
      expect(questions.map(({ text }) => text)).toEqual(['One', 'Two', 'Three'])
      const answers = { interrupt: ['', '', '1'], queue: ['1', '2', '3'] }[whenBusy]
      expect(texts(talk).filter((_, i) => i % 2)).toEqual(answers)
    }
  })

  it('a question that would be dropped while busy is', async () => {
    const talk = chatOf([whole('1')], { whenBusy: 'drop' })
    const { slow, resolve } = slowFile()
    const one = talk.chat.sendMessage({ text: 'One', attachments: [slow] })
    expect(await talk.chat.sendMessage('Two')).toBeUndefined()
    resolve()
    await one
    expect(texts(talk)).toEqual(['One', '1'])
  })

  it.each(['stop', 'reset', 'setMessages'] as const)(
    '%s() keeps the question from being asked, and nobody waits for its files any more',
    async (verb) => {
      const talk = chatOf([whole('Fine.')])
      const { slow, resolve } = slowFile()
      const one = talk.chat.sendMessage({ text: 'One', attachments: [slow] })
      talk.chat[verb]([])
      expect(talk.chat.getState().status).toBe('idle')
      // Its file is still being read, and may be for long.
      await talk.chat.sendMessage('Two')
      expect(texts(talk)).toEqual(['Two', 'Fine.'])
      resolve()
      expect(await one).toBeUndefined()
      await next()
      expect(texts(talk)).toEqual(['Two', 'Fine.'])
      expect(talk.exchanges).toHaveLength(1)
    },
  )

  it('an edit is such a question too', async () => {
    const talk = chatOf([whole('1'), whole('2')])
    await talk.chat.sendMessage('One')
    const { id } = talk.chat.getState().messages[0]!
    const { slow, resolve } = slowFile()
    const edited = talk.chat.edit(id, { text: 'Uno', attachments: [slow] })
    expect(texts(talk)).toEqual(['One', '1'])
    resolve()
    await edited
    expect(texts(talk)).toEqual(['Uno', '2'])
    expect(talk.chat.getState().messages[0]!.id).toBe(id)
  })
})

describe('a file that cannot be read', () => {
  it('is an error: the question stands there with what could be read, and can be asked again', async () => {
    const talk = chatOf([whole('1'), whole('2')])
    await talk.chat.sendMessage('One')
    const attachments = [unreadable(), file('a.png', 'image/png')]
    expect(await talk.chat.sendMessage({ text: 'Two', attachments })).toBeUndefined()
    expect(talk.chat.getState()).toMatchObject({
      status: 'error',
      error: {
        code: 'bad_request',
        message: 'An attached file could not be read.',
        cause: { name: 'NotReadableError' },
      },
    })
    expect(texts(talk)).toEqual(['One', '1', 'Two'])
    expect(talk.last().parts).toMatchObject([{ text: 'Two' }, { type: 'file', file: { name: 'a.png' } }])
    expect(talk.exchanges).toHaveLength(1)
    await talk.chat.regenerate()
    expect(talk.chat.getState()).toMatchObject({ status: 'ready', error: undefined })
    expect(texts(talk)).toEqual(['One', '1', 'Two', '2'])
  })

  it('in a list that fails while it is read is one too', async () => {
    const talk = chatOf([])
    const attachments = {
      *[Symbol.iterator](): Generator<File> {
        yield file('a.png', 'image/png')
        throw new Error('Gone.')
      },
    }
    expect(await talk.chat.sendMessage({ attachments })).toBeUndefined()
    expect(talk.chat.getState()).toMatchObject({ status: 'error', error: { code: 'bad_request' } })
  })

  it('leaves the questions around it to be asked', async () => {
    const talk = chatOf([whole('1'), whole('3')], { whenBusy: 'queue' })
    const { slow, resolve } = slowFile()
    const one = talk.chat.sendMessage({ text: 'One', attachments: [slow] })
    const two = talk.chat.sendMessage({ text: 'Two', attachments: [unreadable()] })
    const three = talk.chat.sendMessage('Three')
    await next()
    resolve()
    expect((await one)?.text).toBe('1')
    expect(await two).toBeUndefined()
    expect((await three)?.text).toBe('3')
    await next()
    expect(texts(talk)).toEqual(['One', '1', 'Three', '3', 'Two'])
  })

  it('does not disturb an answer that is arriving: it is told of after it', async () => {
    const talk = chatOf([open(says('Hel'))])
    const first = talk.chat.sendMessage('Hi')
    await vi.waitFor(() => expect(talk.last().text).toBe('Hel'))
    expect(await talk.chat.sendMessage({ text: 'Two', attachments: [unreadable()] })).toBeUndefined()
    expect(talk.chat.getState()).toMatchObject({ status: 'streaming', error: undefined })
    talk.exchanges[0]!.write(says('lo'), chunk({}, 'stop'), done)
    expect(await first).toMatchObject({ status: 'ready', text: 'Hello' })
    await next()
    expect(talk.chat.getState()).toMatchObject({ status: 'error', error: { code: 'bad_request' } })
    expect(texts(talk)).toEqual(['Hi', 'Hello', 'Two'])
    expect(talk.chat.getState().messages[1]).toMatchObject({ status: 'ready', error: undefined })
  })
})

it('an answer that is stopped after a file could not be read was stopped, and did not fail', async () => {
  const talk = chatOf([open(says('Hel'))])
  void talk.chat.sendMessage('Hi')
  await vi.waitFor(() => expect(talk.last().text).toBe('Hel'))
  await talk.chat.sendMessage({ text: 'Two', attachments: [unreadable()] })
  talk.chat.stop()
  await next()
  expect(talk.chat.getState()).toMatchObject({ status: 'ready', error: undefined })
})

it('a page that gives a chat away as JSON gives its files away with it', async () => {
  const talk = chatOf([whole('Fine.')])
  await talk.chat.sendMessage({ attachments: [file('a.png', 'image/png')] })
  const [question] = JSON.parse(JSON.stringify(talk.chat.getState().messages)) as UserMessage[]
  expect(question).toMatchObject({
    text: '',
    parts: [
      { type: 'file', file: { name: 'a.png', mediaType: 'image/png', url: expect.stringMatching(/^data:image\/png/) } },
    ],
  })
  expect(createChat({ model: 'm', provider: '/x', initialMessages: [question!] }).getState().messages[0]).toBe(question)
})

it('a question of no words and no files is none', async () => {
  const talk = chatOf([])
  for (const input of ['', ' \n', {}, { text: '', attachments: [] }, { attachments: null }]) {
    expect(await talk.chat.sendMessage(input)).toBeUndefined()
    expect(talk.chat.getState()).toMatchObject({ messages: [], status: 'idle' })
  }
  expect(talk.exchanges).toHaveLength(0)
})
