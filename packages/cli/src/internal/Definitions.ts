import { fields, methods } from "./Profile.js"

/** An option, as the parser, the help and the completions of the shell know it. */
export interface Definition {
  readonly name: string
  readonly alias?: string | undefined
  /** What stands for its value in the help; an option without is a flag. */
  readonly value?: string | undefined
  /** The values that there are, where not any will do. */
  readonly choices?: ReadonlyArray<string> | undefined
  readonly isRepeated?: boolean | undefined
  readonly description: string
  readonly environment?: string | undefined
  readonly fallback?: string | undefined
}

/** What every command can be told. */
export const common = {
  profile: {
    name: "profile",
    value: "NAME",
    description: "The profile to use.",
    environment: "EFFECT_OAUTH_PROFILE",
    fallback: "what 'profile use' named, else default"
  },
  config: {
    name: "config",
    value: "PATH",
    description: "The configuration file.",
    environment: "EFFECT_OAUTH_CONFIG"
  },
  json: {
    name: "json",
    description: "Print one JSON object; errors go as JSON to the standard error.",
    environment: "EFFECT_OAUTH_JSON"
  }
} as const satisfies Readonly<Record<string, Definition>>

/** What a profile says, each of which an option or the environment can say in its place. */
export const settings = {
  tokenEndpoint: {
    name: "token-endpoint",
    value: "URL",
    description: "The token endpoint of the authorization server.",
    environment: "EFFECT_OAUTH_TOKEN_ENDPOINT"
  },
  revocationEndpoint: {
    name: "revocation-endpoint",
    value: "URL",
    description: "Its revocation endpoint, which logout tells.",
    environment: "EFFECT_OAUTH_REVOCATION_ENDPOINT"
  },
  authorizationEndpoint: {
    name: "authorization-endpoint",
    value: "URL",
    description: "Its authorization endpoint, where login --browser sends the user.",
    environment: "EFFECT_OAUTH_AUTHORIZATION_ENDPOINT"
  },
  issuer: {
    name: "issuer",
    value: "URL",
    description: "The server's identifier: who answers for another one is not believed.",
    environment: "EFFECT_OAUTH_ISSUER"
  },
  redirectUri: {
    name: "redirect-uri",
    value: "URL",
    description:
      "Where login --browser receives the answer: on 127.0.0.1 or [::1], at any free port unless it names one.",
    environment: "EFFECT_OAUTH_REDIRECT_URI",
    fallback: "http://127.0.0.1/callback"
  },
  clientId: {
    name: "client-id",
    value: "ID",
    description: "The client id.",
    environment: "EFFECT_OAUTH_CLIENT_ID"
  },
  clientAuthentication: {
    name: "client-auth",
    value: "METHOD",
    choices: methods,
    description: `How the client proves who it is: ${methods.join(", ")}.`,
    environment: "EFFECT_OAUTH_CLIENT_AUTH",
    fallback: "client_secret_basic if there is a client secret, else none"
  },
  clientSecretEnv: {
    name: "client-secret-env",
    value: "VARIABLE",
    description: "The variable of the environment that holds the client secret.",
    environment: "EFFECT_OAUTH_CLIENT_SECRET_ENV",
    fallback: "EFFECT_OAUTH_CLIENT_SECRET"
  },
  username: {
    name: "username",
    value: "NAME",
    description: "Whose session it is.",
    environment: "EFFECT_OAUTH_USERNAME"
  },
  scope: {
    name: "scope",
    value: "SCOPE",
    description: "The scope to ask for: words between blanks.",
    environment: "EFFECT_OAUTH_SCOPE"
  },
  origins: {
    name: "origin",
    value: "ORIGIN",
    isRepeated: true,
    description: "An origin that call may send the token to, such as https://api.example.com.",
    environment: "EFFECT_OAUTH_ORIGINS, between blanks"
  },
  insecureOrigins: {
    name: "insecure-origin",
    value: "ORIGIN",
    isRepeated: true,
    description: "A plain http origin on another machine that is trusted all the same.",
    environment: "EFFECT_OAUTH_INSECURE_ORIGINS, between blanks"
  },
  store: {
    name: "store",
    value: "URL",
    description:
      "Where the session is kept: file:PATH, sqlite:PATH, libsql://…, postgres://…, redis://… or rediss://…",
    environment: "EFFECT_OAUTH_STORE",
    fallback: "a file for each profile"
  },
  key: {
    name: "key",
    value: "KEY",
    description: "The key of the session within the store.",
    environment: "EFFECT_OAUTH_KEY",
    fallback: "made of client, server, user and scope"
  },
  timeout: {
    name: "timeout",
    value: "SECONDS",
    description: "The longest that one request to the authorization server may take.",
    environment: "EFFECT_OAUTH_TIMEOUT",
    fallback: "30"
  }
} as const satisfies Readonly<Record<string, Definition>>

const saveSecrets = {
  name: "save-secrets",
  description:
    "Keep the client secret, and a store URL with a password, in the configuration file, which only you can read."
} as const satisfies Definition

export const login = {
  browser: {
    name: "browser",
    description:
      "Let the user log in at the authorization server in a browser. It is how a profile does that has an authorization endpoint and no user name."
  },
  passwordStdin: {
    name: "password-stdin",
    description:
      "Read the password from the standard input. Otherwise it is EFFECT_OAUTH_PASSWORD, or asked for without being shown."
  },
  saveSecrets
} as const satisfies Readonly<Record<string, Definition>>

export const call = {
  headers: {
    name: "header",
    alias: "H",
    value: "NAME:VALUE",
    isRepeated: true,
    description: "A header of the request."
  },
  data: {
    name: "data",
    alias: "d",
    value: "BODY",
    description:
      "The body: the text itself, @FILE, or @- for the standard input. It is sent as application/json if it is JSON, else as application/x-www-form-urlencoded, unless a header says otherwise."
  },
  dataStdin: { name: "data-stdin", description: "Read the body from the standard input." },
  include: {
    name: "include",
    alias: "i",
    description: "Print status and headers of the answer before its body."
  }
} as const satisfies Readonly<Record<string, Definition>>

export const logout = {
  local: {
    name: "local",
    description: "Only remove what is stored. The server is not told, and its tokens live on."
  }
} as const satisfies Readonly<Record<string, Definition>>

export const profileSet = {
  unset: {
    name: "unset",
    value: "FIELD",
    choices: fields,
    isRepeated: true,
    description: "A field to take out of the profile, such as scope."
  },
  saveSecrets
} as const satisfies Readonly<Record<string, Definition>>

export const profileRemove = {
  force: {
    name: "force",
    description: "Remove the profile although its session is still there. The session stays."
  }
} as const satisfies Readonly<Record<string, Definition>>

/** A command, as the help and the completions of the shell know it. */
export interface CommandDefinition {
  readonly name: string
  readonly summary: string
  readonly description: string
  /** What comes besides the options. */
  readonly words: ReadonlyArray<string>
  readonly options: ReadonlyArray<Definition>
  readonly settings: ReadonlyArray<Definition>
}

const all = Object.values

export const commands = {
  login: {
    name: "login",
    summary: "Begin a session with a password, or in a browser.",
    description:
      "Begin a session with a user's name and password, or by a login in a browser. What is given as options is kept in the profile, so that it has to be said once; the password is not. It cannot be an argument, as those can be read by others on the machine.",
    words: [],
    options: [...all(login), ...all(common)],
    settings: all(settings)
  },
  token: {
    name: "token",
    summary: "Print a valid access token and nothing else.",
    description:
      'Print a valid access token and nothing else, refreshed if need be: curl -H "Authorization: Bearer $(effect-oauth token)" … It never asks for anything. With EFFECT_OAUTH_PASSWORD and a user name it begins a session when there is none.',
    words: [],
    options: all(common),
    settings: all(settings)
  },
  call: {
    name: "call",
    summary: "Send a request with the token to an API of the profile.",
    description:
      "Send a request with the token to an origin of the profile, and print the body of the answer. URL is a whole one, or a path such as /user if the profile has one origin. A token that is refused is replaced once. Redirects are not followed. The exit code is 7 for a status of 400 or above.",
    words: ["METHOD", "URL"],
    options: [...all(call), ...all(common)],
    settings: all(settings)
  },
  status: {
    name: "status",
    summary: "Tell the state of the session, and never a token.",
    description:
      "Tell whether there is a session, until when its token is good, its scope, whether it can be refreshed, and where it is kept. Asks no server. The exit code is 3 if a login is needed.",
    words: [],
    options: all(common),
    settings: all(settings)
  },
  refresh: {
    name: "refresh",
    summary: "Refresh the session now.",
    description:
      "Refresh the session now, also when its token is still good. token and call do so by themselves when it is needed.",
    words: [],
    options: all(common),
    settings: all(settings)
  },
  logout: {
    name: "logout",
    summary: "Revoke the tokens, then remove them.",
    description:
      "Revoke the tokens at the server, then remove them. If the server cannot be told, nothing is removed, so that it can be tried again.",
    words: [],
    options: [...all(logout), ...all(common)],
    settings: all(settings)
  },
  profileList: {
    name: "profile list",
    summary: "List the profiles; a star marks the one that is used.",
    description: "List the profiles; a star marks the one that is used.",
    words: [],
    options: all(common),
    settings: []
  },
  profileShow: {
    name: "profile show",
    summary: "Show a profile as it is kept, without secrets.",
    description: "Show a profile as it is kept, without secrets.",
    words: ["[NAME]"],
    options: all(common),
    settings: []
  },
  profileSet: {
    name: "profile set",
    summary: "Make a profile, or change what the options name.",
    description: "Make a profile, or change what the options name; the rest of it stays. login does so, too.",
    words: ["[NAME]"],
    options: [...all(profileSet), ...all(common)],
    settings: all(settings)
  },
  profileUse: {
    name: "profile use",
    summary: "Make a profile the one that is used when none is named.",
    description: "Make a profile the one that is used when none is named.",
    words: ["NAME"],
    options: all(common),
    settings: []
  },
  profileRemove: {
    name: "profile remove",
    summary: "Remove a profile whose session is ended.",
    description: "Remove a profile whose session is ended.",
    words: ["NAME"],
    options: [...all(profileRemove), ...all(common)],
    settings: []
  }
} as const satisfies Readonly<Record<string, CommandDefinition>>
