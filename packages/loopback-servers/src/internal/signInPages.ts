/** Asks who it is. */
export const login = (complaint: string): string =>
  page(
    "Sign in",
    complaint,
    `<form method="post">
      <input type="text" name="username" placeholder="User name" required autofocus>
      <input type="password" name="password" placeholder="Password" required>
      <button>Sign in</button>
    </form>`
  )

/** Asks the user, who is known by the ticket, whether to let the client in. `cancel` is where a "no" leads to. */
export const consent = (options: {
  readonly client: string
  readonly scope: string
  readonly ticket: string
  readonly cancel: string
}): string =>
  page(
    "Authorize",
    `${options.client} asks for ${options.scope === "" ? "access" : options.scope}.`,
    `<form method="post">
      <input type="hidden" name="ticket" value="${escaped(options.ticket)}">
      <button>Continue</button>
    </form>
    <a href="${escaped(options.cancel)}">Cancel</a>`
  )

const page = (title: string, text: string, body: string): string =>
  `<!doctype html>
<html lang="en">
  <meta charset="utf-8">
  <title>${title}</title>
  <link rel="icon" href="data:,">
  <body>
    <h1>${title}</h1>
    <p>${escaped(text)}</p>
    ${body}
  </body>
</html>
`

const escaped = (text: string): string =>
  text.replace(/[&<>"]/g, (character) => `&#${character.charCodeAt(0)};`)
