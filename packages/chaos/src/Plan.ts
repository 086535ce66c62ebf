import { PCGRandom } from "effect/Utils"
import type { Millis } from "./Trace.js"

/** What happens to one token request, if its time comes. Times are milliseconds. */
export interface RequestPlan {
  /** On the way there, and on the way back. */
  readonly latency: readonly [Millis, Millis]
  /**
   * - `errorBefore`: 503, and the server does not see the request.
   * - `errorAfter`: the server acts, and the reply is 503.
   * - `lost`: the server acts, and the connection is cut in place of the reply.
   */
  readonly fault: "none" | "errorBefore" | "errorAfter" | "lost"
  /** What becomes of whoever sent it: so long after its arrival, or after its reply was flushed. */
  readonly blow: {
    readonly after: "arrival" | "reply" | "never"
    readonly delay: Millis
    /** For how long it is stopped; zero: it is killed. */
    readonly pause: Millis
  }
}

/** A worker that is killed or stopped at an instant, whatever it does. */
export interface Strike {
  readonly at: Millis
  readonly worker: number
  /** For how long it is stopped; zero: it is killed. */
  readonly pause: Millis
}

/** Everything that goes wrong, as the seed wants it. */
export interface Plan {
  /** The n-th token request of a session; the same whenever it is asked. */
  readonly request: (session: number, index: number) => RequestPlan
  /** By time. */
  readonly strikes: ReadonlyArray<Strike>
}

export interface Options {
  readonly seed: number
  readonly processes: number
  readonly seconds: number
  readonly leaseSeconds: number
  readonly pauses: boolean
}

/** Nothing goes wrong. */
export const calm: RequestPlan = {
  latency: [0, 0],
  fault: "none",
  blow: { after: "never", delay: 0, pause: 0 }
}

const faultOf = (draw: number): RequestPlan["fault"] => {
  if (draw < 0.05) return "lost"
  if (draw < 0.11) return "errorBefore"
  return draw < 0.13 ? "errorAfter" : "none"
}

/** Soon as a rule, now and then late. */
const latencyOf = (draw: number, size: number): Millis => (draw < 0.04 ? 200 + 500 * size : 2 + 40 * size)

// Now and then so long that what others stored meanwhile has run out, too.
const pauseOf = (leaseSeconds: number, draw: number): Millis =>
  leaseSeconds * 1000 * (1.25 + 2.25 * draw * draw)

const noBlow: RequestPlan["blow"] = { after: "never", delay: 0, pause: 0 }

const blowOf = (
  draw: number,
  delay: number,
  pause: Millis,
  [there, back]: RequestPlan["latency"]
): RequestPlan["blow"] => {
  if (draw < 0.06) return { after: "arrival", delay: (there + back) * delay, pause: 0 }
  if (draw < 0.16) return { after: "reply", delay: Math.floor(21 * delay), pause: 0 }
  if (pause === 0) return noBlow
  if (draw < 0.2) return { after: "arrival", delay: (there + back) * delay, pause }
  // Late enough to be in the midst of whatever is done about a reply that was no good.
  return draw < 0.24 ? { after: "reply", delay: 200 * delay * delay, pause } : noBlow
}

/** The same draws for each request, so that none depends on what came of the one before. */
const drawRequest = (random: PCGRandom, { leaseSeconds, pauses }: Options): RequestPlan => {
  const draw = () => random.number()
  const latency = [latencyOf(draw(), draw()), latencyOf(draw(), draw())] as const
  const fault = faultOf(draw())
  const [aim, delay, size] = [draw(), draw(), draw()]
  return { latency, fault, blow: blowOf(aim, delay, pauses ? pauseOf(leaseSeconds, size) : 0, latency) }
}

const drawStrikes = (random: PCGRandom, options: Options): ReadonlyArray<Strike> => {
  const strikes: Array<Strike> = []
  // The first moments belong to the start of the workers.
  for (let at = 1000; at < options.seconds * 1000; ) {
    at += 300 + 2400 * random.number()
    const worker = Math.floor(options.processes * random.number())
    const [kind, size] = [random.number(), random.number()]
    strikes.push({
      at,
      worker,
      pause: options.pauses && kind < 0.4 ? pauseOf(options.leaseSeconds, size) : 0
    })
  }
  return strikes.filter(({ at }) => at < options.seconds * 1000)
}

/** The first draws of seeds that are close to each other are close to each other, too. */
const generator = (seed: number, stream: number): PCGRandom => {
  const random = new PCGRandom(seed, stream)
  for (let draw = 0; draw < 8; draw++) random.number()
  return random
}

export const make = (options: Options): Plan => {
  const sessions = new Map<number, { readonly random: PCGRandom; readonly drawn: Array<RequestPlan> }>()
  const sessionOf = (session: number) => {
    const there = sessions.get(session)
    if (there !== undefined) return there
    const made = { random: generator(options.seed, session + 1), drawn: [] }
    sessions.set(session, made)
    return made
  }
  return {
    request: (session, index) => {
      const { random, drawn } = sessionOf(session)
      while (drawn.length <= index) drawn.push(drawRequest(random, options))
      return drawn[index] ?? calm
    },
    strikes: drawStrikes(generator(options.seed, 0), options)
  }
}
