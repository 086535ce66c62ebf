import * as Effect from "effect/Effect"
import type { BrowserError, Page } from "./Chromium.js"
import type { Options } from "./SignIn.js"

/**
 * A user at a browser: opens an authorization request, logs in on the pages of an {@link OidcProvider}, lets the client
 * in or does not, and stays on the page that the server sends them back to, once it is there.
 */
export const signIn = (
  page: Page,
  authorizationUrl: string,
  { consent = true, password = "wonderland", username = "alice" }: Options = {}
): Effect.Effect<void, BrowserError> =>
  Effect.gen(function* () {
    const redirectUri = new URL(authorizationUrl).searchParams.get("redirect_uri") ?? ""
    yield* page.goto(authorizationUrl)
    yield* page.use((window) => window.getByPlaceholder("Enter any login").fill(username))
    yield* page.use((window) => window.getByPlaceholder("and password").fill(password))
    yield* page.use((window) => window.getByRole("button", { name: "Sign-in" }).click())
    yield* page.use((window) =>
      consent
        ? window.getByRole("button", { name: "Continue" }).click()
        : window.getByRole("link", { name: "Cancel" }).click()
    )
    yield* page.use((window) => window.waitForURL((url) => url.href.startsWith(redirectUri)))
  })
