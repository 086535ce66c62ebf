import { assert, describe, layer } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { signIn } from "../src/BrowserSignIn.js"
import * as Chromium from "../src/Chromium.js"
import { needing } from "../src/Installation.js"
import * as OidcProvider from "../src/OidcProvider.js"
import { native } from "../src/RegisteredClient.js"
import * as ScriptedServer from "../src/ScriptedServer.js"

describe(...needing("BrowserSignIn", Chromium.installation), () => {
  layer(Chromium.layer())((it) => {
    const visit = (options: Parameters<typeof signIn>[2]) =>
      Effect.gen(function* () {
        const { authorizationEndpoint } = yield* OidcProvider.make({ clients: [native] })
        const program = yield* ScriptedServer.make(() => ({
          headers: { "content-type": "text/html" },
          body: "<link rel=icon href='data:,'><p>Welcome back"
        }))
        const url = new URL(authorizationEndpoint)
        url.search = String(
          new URLSearchParams({
            response_type: "code",
            client_id: native.clientId,
            redirect_uri: `${program.origin}/callback`,
            scope: "api",
            state: "s",
            code_challenge: "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM",
            code_challenge_method: "S256"
          })
        )
        const page = yield* Effect.flatMap(Chromium.Chromium, (chromium) => chromium.page)
        yield* signIn(page, url.href, options)
        assert.strictEqual(yield* page.text, "Welcome back")
        const [request, ...others] = yield* program.requests
        assert.isEmpty(others)
        return Object.fromEntries(request?.query ?? [])
      })

    it.scoped("goes through login and consent, back to the program with a code", () =>
      Effect.gen(function* () {
        const { code = "", ...answer } = yield* visit({})
        assert.isNotEmpty(code)
        assert.include(answer, { state: "s" })
        assert.notProperty(answer, "error")
      })
    )

    it.scoped("comes back with a refusal if it is cancelled", () =>
      Effect.gen(function* () {
        assert.include(yield* visit({ consent: false }), { state: "s", error: "access_denied" })
      })
    )
  })
})
