import { randomUUID } from "node:crypto"
import type OAuth2Server from "@node-oauth/oauth2-server"
import * as Data from "effect/Data"
import type { Answer } from "../Answer.js"
import type { IncomingRequest } from "../RecordedRequest.js"
import { exchange } from "./exchange.js"
import type { Login, OAuth2Model } from "./OAuth2Model.js"
import * as signInPages from "./signInPages.js"

/** What the library is told of a user who has not decided yet: it stops, and they are shown a page. */
class Undecided extends Data.Error<{ readonly page: string }> {}

/**
 * The authorization endpoint: the library's own, which asks who the user is, and two pages that find it out. By
 * then the library has looked at the client and its redirect URI: pages are for clients that it knows.
 */
export const make = (
  oauth: OAuth2Server,
  model: OAuth2Model
): ((incoming: IncomingRequest) => Promise<Answer>) => {
  const tickets = new Map<string, Login>()

  const handle = async ({ body, query = {} }: OAuth2Server.Request): Promise<Login> => {
    const given: Readonly<Record<string, string>> = { ...query, ...body }
    const { client_id: client = "", password, scope = "", ticket = "", username } = given
    const user = tickets.get(ticket)
    if (user !== undefined) {
      tickets.delete(ticket)
      return user
    }
    if (username === undefined || password === undefined) {
      throw new Undecided({ page: signInPages.login("") })
    }
    const login = model.logIn(username, password)
    if (login === undefined) {
      throw new Undecided({ page: signInPages.login("There is no such user and password.") })
    }
    const issued = randomUUID()
    tickets.set(issued, login)
    const cancel = `?${new URLSearchParams({ ...query, ticket: issued, allowed: "false" })}`
    throw new Undecided({ page: signInPages.consent({ client, scope, ticket: issued, cancel }) })
  }

  return (incoming) =>
    exchange(incoming, (request, response) =>
      oauth.authorize(request, response, { authenticateHandler: { handle } })
    ).catch((cause: unknown) => {
      if (!(cause instanceof Undecided)) throw cause
      return { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: cause.page }
    })
}
