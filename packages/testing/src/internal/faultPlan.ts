import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import type { Fault } from "../Fault.js"
import type { Faults } from "../Faults.js"
import * as Journal from "../Journal.js"

interface Rule {
  readonly which: Journal.Which
  readonly fault: Fault
  readonly left: number
}

/** The plan, and what becomes of it. */
export interface Planned extends Faults {
  /** The fault that a request meets. It counts as met. */
  readonly meet: (entry: Journal.Entry) => Effect.Effect<Fault | undefined>
}

const isFinite = ({ left }: Rule): boolean => Number.isFinite(left)

export const make: Effect.Effect<Planned> = Effect.map(Ref.make<ReadonlyArray<Rule>>([]), (rules) => {
  const add = (...more: ReadonlyArray<Rule>) => Ref.update(rules, (before) => [...before, ...more])
  const nextAt: Faults["nextAt"] = (endpoint, ...faults) =>
    add(...faults.map((fault) => ({ which: Journal.isAt(endpoint), fault, left: 1 })))
  return {
    next: (...faults) => nextAt("token", ...faults),
    nextAt,
    when: (which, fault, options) => add({ which, fault, left: options?.times ?? Number.POSITIVE_INFINITY }),
    clear: Ref.set(rules, []),
    meet: (entry) =>
      Ref.modify(rules, (before) => {
        const fits = (rule: Rule) => rule.left > 0 && rule.which(entry)
        const met = before.find((rule) => isFinite(rule) && fits(rule)) ?? before.find(fits)
        if (met === undefined) return [undefined, before]
        const after = before.map((rule) => (rule === met ? { ...rule, left: rule.left - 1 } : rule))
        return [met.fault, after.filter(({ left }) => left > 0)]
      })
  }
})
