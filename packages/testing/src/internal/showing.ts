import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Inspectable from "effect/Inspectable"
import * as Predicate from "effect/Predicate"

/** What cannot be shown, such as a cycle as JSON or a getter that throws, shows nothing. */
const attempted = (show: () => unknown): ReadonlyArray<unknown> => {
  try {
    return [show()]
  } catch {
    return []
  }
}

const result = (value: object, method: string | symbol): unknown => {
  const made: unknown = Reflect.get(value, method)
  return Predicate.isFunction(made) ? made.call(value, 9, {}, String) : undefined
}

const ofCause = (cause: Cause.Cause<unknown>): ReadonlyArray<unknown> => [
  Cause.pretty(cause),
  Cause.pretty(cause, { renderErrorCause: true }),
  ...Cause.prettyErrors(cause),
  ...Cause.failures(cause),
  ...Cause.defects(cause)
]

/** What is in it beside that to which its names lead. */
const hidden = (value: object): ReadonlyArray<unknown> => {
  if (value instanceof Error) return [value.message, value.stack, value.cause]
  if (Cause.isCause(value)) return ofCause(value)
  if (Exit.isExit(value) && Exit.isFailure(value)) return [value.cause]
  if (value instanceof URL) return [value.href]
  const isCollection =
    value instanceof Map ||
    value instanceof Set ||
    value instanceof Headers ||
    value instanceof URLSearchParams
  return isCollection ? [...value] : []
}

/** Under all of its names, those that are hidden or inherited as well. */
const named = (value: object): ReadonlyArray<unknown> => {
  const names = new Set(Reflect.ownKeys(value))
  for (const inherited in value) names.add(inherited)
  return [...names].flatMap((name) => [name, ...attempted(() => Reflect.get(value, name))])
}

/** All texts that can be reached, and what things make of themselves on the way. `seen` grows by what was walked. */
export const texts = (root: unknown, seen: Set<object>): ReadonlyArray<string> => {
  const found: Array<string> = []
  const pending = [root, ...attempted(() => String(root)), ...attempted(() => JSON.stringify(root))]
  while (pending.length > 0) {
    const value = pending.pop()
    if (typeof value === "string") found.push(value)
    else if (typeof value === "symbol") found.push(String(value))
    else if (value instanceof ArrayBuffer) found.push(new TextDecoder().decode(value))
    else if (typeof value === "object" && value !== null && !seen.has(value)) {
      seen.add(value)
      if (ArrayBuffer.isView(value)) found.push(new TextDecoder().decode(value))
      else {
        for (const method of ["toJSON", Inspectable.NodeInspectSymbol]) {
          pending.push(...attempted(() => result(value, method)))
        }
        pending.push(...hidden(value), ...named(value))
      }
    }
  }
  return found
}
