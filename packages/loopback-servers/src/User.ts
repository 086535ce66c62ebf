/** A person with an account at an authorization server. */
export interface User {
  readonly username: string
  readonly password: string
  readonly name: string
  readonly email: string
}

/** The user that every server knows unless it is told others. */
export const alice: User = {
  username: "alice",
  password: "wonderland",
  name: "Alice",
  email: "alice@example.com"
}
