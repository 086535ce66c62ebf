/** A client that an authorization server knows, and how it proves itself to the token endpoint. */
export type RegisteredClient =
  | {
      readonly clientId: string
      readonly clientSecret: string
      readonly authenticationMethod: "client_secret_basic" | "client_secret_post"
    }
  | {
      readonly clientId: string
      readonly authenticationMethod: "none"
    }

/** The client that every server knows unless it is told others. */
export const confidential: RegisteredClient = {
  clientId: "client",
  clientSecret: "client-secret",
  authenticationMethod: "client_secret_basic"
}
