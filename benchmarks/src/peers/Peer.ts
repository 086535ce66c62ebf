/** What a client is given: an API to call, and a token that is good for long. */
export interface Session {
  /** What is called, with GET; it answers with JSON. */
  readonly api: string
  readonly token: string
  /** In milliseconds since 1970. */
  readonly expiresAt: number
  /** Where a client gets its token that cannot be given one. */
  readonly tokenEndpoint: string
}

/** One authorized call, as a user of the client writes it; what comes back is the parsed answer. */
export type Call = () => Promise<unknown>

/** Another client, driven as its documentation recommends. */
export interface Peer {
  readonly name: string
  /** What a reader has to know of how it is driven. */
  readonly note?: string | undefined
  readonly connect: (session: Session) => Promise<Call>
}

/** Those who leave the status to their caller need it checked. */
export const readJson = async (response: Response): Promise<unknown> => {
  if (!response.ok) throw new Error(`the API answered ${response.status}`)
  return response.json()
}
