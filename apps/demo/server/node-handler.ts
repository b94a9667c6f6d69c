/** Puts a web-standard handler into a Node server, streaming as Node should: headers at once, and no work for nobody. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { NodeRequest, sendNodeResponse } from 'srvx/node'

/** Node middleware. */
export type NodeHandler = (req: IncomingMessage, res: ServerResponse, next: (error: unknown) => void) => void

/**
 * The handler as Node middleware. The headers go out as soon as they are known, not with the first bytes of the body:
 * a page should see that its request was accepted while the model still thinks. When the client goes away, the
 * request's signal aborts.
 */
export function nodeHandler(handle: (request: Request) => Promise<Response>): NodeHandler {
  async function respond(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const response = await handle(new NodeRequest({ req, res }))
    if (!res.headersSent && !res.destroyed) {
      res.writeHead(response.status, [...response.headers].flat())
      res.flushHeaders()
    }
    await sendNodeResponse(res, response)
  }
  return (req, res, next) => {
    respond(req, res).catch(next)
  }
}
