import type { Session } from "../../peers/Peer.js"

const isSession = (input: unknown): input is Session & { readonly file: string } =>
  typeof input === "object" && input !== null && "token" in input && "file" in input

const given: unknown = JSON.parse(process.argv[2] ?? "null")
if (!isSession(given)) throw new Error("The session is to be given as JSON.")

/** What the program is started with; the file holds the token as our client stores it. */
export const session = given
