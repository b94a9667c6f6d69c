/** Reading in slices: however much has arrived at once, the page lives on between them. */

/** So many bytes are decoded in one go at most: a few milliseconds, also on a phone. */
export const sliceBytes: number = 2 ** 17

// A server has this, which is cheaper than a channel; in a page it is somebody's imitation. Taken when this is loaded,
// before a test puts a clock of its own in its place.
const { setImmediate } = (typeof document === 'undefined' ? globalThis : {}) as {
  setImmediate?: (then: () => void) => void
}

/** Lets everything else that waits have its turn: frames, timers, what a person does. */
export function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    if (setImmediate) return setImmediate(resolve)
    if (typeof MessageChannel !== 'function') return void setTimeout(resolve)
    // Unlike a timer, a message is not held back in a hidden page; unlike `scheduler.yield`, it lets frames and timers in.
    const { port1, port2 } = new MessageChannel()
    // eslint-disable-next-line unicorn/prefer-add-event-listener -- the port has to be started, which this does
    port1.onmessage = () => {
      port1.close()
      resolve()
    }
    port2.postMessage(0)
  })
}
