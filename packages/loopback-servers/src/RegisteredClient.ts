/** A client that an authorization server knows, and how it proves itself to the token endpoint. */
export type RegisteredClient = {
  readonly clientId: string
  /**
   * Where users may be sent back to; with any, the client may ask for codes. One on http is a native client's, and
   * stands for every port of the loopback address (RFC 8252, section 7.3). Default: none.
   */
  readonly redirectUris?: ReadonlyArray<string> | undefined
} & (
  | {
      readonly clientSecret: string
      readonly authenticationMethod: "client_secret_basic" | "client_secret_post"
    }
  | { readonly authenticationMethod: "none" }
)

/** The client that every server knows unless it is told others. */
export const confidential: RegisteredClient = {
  clientId: "client",
  clientSecret: "client-secret",
  authenticationMethod: "client_secret_basic"
}

/** A public client on the user's own machine, such as a command line. */
export const native: RegisteredClient = {
  clientId: "native",
  authenticationMethod: "none",
  redirectUris: ["http://127.0.0.1/callback"]
}
