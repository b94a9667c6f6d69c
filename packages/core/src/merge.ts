/** What two pieces of JSON make together: how rare fields of deltas, and token counts, add up. */

/** A JSON object of which nothing is known but that it is one. */
// eslint-disable-next-line typescript/no-explicit-any
export type Json = any

/**
 * What a later value makes of an earlier one: text of growing fields is joined, lists and objects are merged, and all
 * else is replaced, unless by nothing (so that counts never fall back to zero, and are never summed twice).
 */
export function merge(old: Json, said: Json, key?: string): Json {
  if (Array.isArray(said)) return said.reduce(mergeItem, old ?? [])
  if (said && typeof said === 'object') {
    const merged = { ...old }
    for (const [name, value] of Object.entries(said)) {
      // Counts come first, as some providers send them with each chunk.
      if (typeof value === 'number') {
        if (value || merged[name] == null) merged[name] = value
        continue
      }
      // Such a name would be found, or set, where every object has it.
      if (name in Object.prototype) continue
      // What a tool of the provider was given and gave is the provider's own, and comes whole.
      merged[name] = /^(in|out)put$/.test(name) ? value : merge(merged[name], value, name)
    }
    return merged
  }
  if (!said) return old ?? said
  if (!old || !/^(text|summary|transcript|data)$/.test(key ?? '')) return said
  // Pieces of base64 may each be padded, so they do not simply join.
  return key === 'data' && old.endsWith('=') ? old.slice(0, -4) + btoa(atob(old.slice(-4)) + atob(said)) : old + said
}

/** Adds an item to a list, or to the one of its items that it belongs to: by index and id, else to the last by its text. */
function mergeItem(list: Json[], item: Json): Json[] {
  const { index, id, type, text, summary, image_url } = Object(item)
  // Pictures come whole, each of them.
  const isLinked = !image_url && (index != null || id != null)
  const isText = (text ?? summary) != null
  const isMore = (other: Json, i: number): boolean =>
    (isLinked || (isText && i === list.length - 1)) &&
    other?.type === type &&
    other.index === index &&
    (id == null || other.id == null || id === other.id)
  const at = list.findLastIndex(isMore)
  return at < 0 ? [...list, item] : list.with(at, merge(list[at], item))
}
