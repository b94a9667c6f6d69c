/** That the bench of scale measures what it says: every answer whole, everybody beside the same floor. It asserts no times. */
import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeClock } from '../src/scale/clock.ts'
import { markdown, quantile } from '../src/scale/measure.ts'
import { talkers } from '../src/scale/talks.ts'
import { readBare, respond, says, textOf, cut, ending } from '../src/scale/wire.ts'

const script = fileURLToPath(new URL('../src/scale/main.ts', import.meta.url))
const run = (...args: string[]) => promisify(execFile)(process.execPath, ['--expose-gc', script, '--quick', ...args])

let folder: string
beforeAll(async () => void (folder = await mkdtemp(join(tmpdir(), 'scale-'))))
afterAll(() => rm(folder, { recursive: true }))

describe('the script', () => {
  it.each([
    ['answer', /in deltas of 4 characters[^]*in one event[^]*tool arguments[^]*estimated/],
    ['trickle', /ended `ready` after \d/],
    ['conversation', /createChat[^]*AI SDK[^]*TanStack[^]*setMessages[^]*What is held/],
  ])('prints the tables of %s', { timeout: 60_000 }, async (name, found) => {
    const { stdout } = await run('--only', name)
    expect(stdout).toMatch(found)
    expect(stdout.match(/^\| --- /gm)!.length).toBeGreaterThanOrEqual(1)
    expect(stdout).not.toMatch(/NaN|undefined/)
  })

  it('leaves no answer of many at once unread, and no timer', { timeout: 60_000 }, async () => {
    const out = join(folder, 'streams.md')
    await run('--only', 'streams', '--out', out)
    const rows = (await readFile(out, 'utf8')).split('\n').filter((line) => line.startsWith('| '))
    const cells = rows.map((row) => row.split('|').map((cell) => cell.trim()))
    const [, memory, lags] = [0, 6, 7].map((columns) => cells.filter((row) => row.length === columns + 2))
    // How many timers wait in the end, and how many answers were not whole.
    for (const row of [...memory!.slice(2), ...lags!.slice(2)]) expect(row.at(-2)).toBe('0')
    expect(lags!.map(([, name]) => name).slice(2)).toEqual([
      'bare reader, HTTP',
      'finalCompletion() with a listener, HTTP',
      'finalCompletion() with a listener, HTTP, one gets 100.0 kB at once',
    ])
  })

  it('refuses what it does not measure', async () => {
    await expect(run('--only', 'dreams')).rejects.toThrow('There is no dreams')
  })
})

it.each(talkers)('$name publishes each delta, and ends with the whole answer', async (talker) => {
  const talk = talker.open(4)
  await talk.ask('What now?')
  for (const word of ['One ', 'two ', 'three']) {
    await talk.say(word)
    expect(talk.text().endsWith(word)).toBe(true)
  }
  await talk.end()
  expect([talk.text(), talk.count()]).toEqual(['One two three', 6])
})

it('the floor reads what was sent', async () => {
  const text = textOf(10_000)
  const body = new TextEncoder().encode(cut(text, 7).map(says).join('') + ending)
  let read = ''
  await readBare(respond(body), ({ content = '' }) => (read += content))
  expect(read).toBe(text)
})

it('the clock rings timers in their order, at their time, and forgets those that are cleared', async () => {
  const clock = fakeClock()
  try {
    const rung: string[] = []
    const at = (ms: number, name: string) => setTimeout(() => rung.push(`${name} ${performance.now()}`), ms)
    at(20, 'b')
    at(10, 'a')
    clearTimeout(at(15, 'none'))
    await clock.pass(15)
    expect([rung, clock.waiting()]).toEqual([['a 10'], 1])
    expect(clock.armed()).toBeGreaterThanOrEqual(3)
    await clock.pass(5)
    expect([rung, clock.waiting()]).toEqual([['a 10', 'b 20'], 0])
  } finally {
    clock.restore()
  }
})

it('a table has its head, and a quantile is one of its values', () => {
  expect(
    markdown([
      ['a', 'b'],
      ['1', '2'],
    ]),
  ).toBe('| a | b |\n| --- | --- |\n| 1 | 2 |')
  expect([0, 0.5, 1].map((share) => quantile([3, 1, 2], share))).toEqual([1, 2, 3])
})
