import * as Redacted from "effect/Redacted"

/**
 * What callers prove themselves with. The defaults are public: they are what the generated SDKs of other languages
 * were written for, and what the examples use.
 */
export interface Fixtures {
  /** The one OAuth client. */
  readonly clientId: string
  readonly clientSecret: Redacted.Redacted<string>
  /** The one user, for the password grant and for the login page. */
  readonly username: string
  readonly password: Redacted.Redacted<string>
  /**
   * An authorization code of the user's that is good again and again, with whatever redirect URI is sent beside it.
   * No real server has such a thing. It is for tests that cannot go through a login page.
   */
  readonly authorizationCode: Redacted.Redacted<string>
  /** The token of the scheme `OAuthBearerToken`. It never expires, and no grant gives it. */
  readonly bearerToken: Redacted.Redacted<string>
  readonly basicUsername: string
  readonly basicPassword: Redacted.Redacted<string>
  /** The parameter `token` of the schemes `apiKey` and `apiHeader`. */
  readonly token: Redacted.Redacted<string>
  /** The parameter `api-key` of the schemes `apiKey` and `apiHeader`. */
  readonly apiKey: Redacted.Redacted<string>
}

/** The fixtures as they are unless an option says otherwise. */
export const defaults: Fixtures = {
  clientId: "client",
  clientSecret: Redacted.make("client-secret"),
  username: "alice",
  password: Redacted.make("wonderland"),
  authorizationCode: Redacted.make("910b000d4f"),
  bearerToken: Redacted.make("azHmdOe09EdchxeWsdnplkQbv76sJH"),
  basicUsername: "basic-user",
  basicPassword: Redacted.make("basic-password"),
  token: Redacted.make("sample-token"),
  apiKey: Redacted.make("sample-api-key")
}

/** Some of the fixtures. */
export type SomeFixtures = { readonly [Name in keyof Fixtures]?: Fixtures[Name] | undefined }

/** All of the fixtures: those that are given, and the defaults of the others. */
export const withDefaults = (given: SomeFixtures): Fixtures => ({
  clientId: given.clientId ?? defaults.clientId,
  clientSecret: given.clientSecret ?? defaults.clientSecret,
  username: given.username ?? defaults.username,
  password: given.password ?? defaults.password,
  authorizationCode: given.authorizationCode ?? defaults.authorizationCode,
  bearerToken: given.bearerToken ?? defaults.bearerToken,
  basicUsername: given.basicUsername ?? defaults.basicUsername,
  basicPassword: given.basicPassword ?? defaults.basicPassword,
  token: given.token ?? defaults.token,
  apiKey: given.apiKey ?? defaults.apiKey
})
