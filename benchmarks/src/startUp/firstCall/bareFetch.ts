import { readJson } from "../../peers/Peer.js"
import { session } from "./session.js"

await readJson(await fetch(session.api, { headers: { authorization: `Bearer ${session.token}` } }))
