/**
 * performance.timeOrigin, such that timeOrigin + now() is the wall clock's time. Node's own is when its process began: in a clone that is when the template
 * did, and what the machine slept since is missing. Tracers date their spans by it, and events theirs.
 */
import { performance } from "node:perf_hooks";
import { wallNow } from "./shifted-clock.ts";

const now = performance.now.bind(performance);
const prototype = Object.getPrototypeOf(performance) as Performance;
const toJSON: Performance["toJSON"] = Reflect.get(prototype, "toJSON");
let origin = performance.timeOrigin;

export function installTimeOrigin(): void {
  Object.defineProperty(prototype, "timeOrigin", { get: () => origin, enumerable: true, configurable: true });
  prototype.toJSON = function withOrigin(this: Performance) {
    return { ...(Reflect.apply(toJSON, this, []) as object), timeOrigin: origin };
  };
}

/** To be called whenever the wall clock was set, or the machine may have slept. */
export function resetTimeOrigin(): void {
  origin = wallNow() - now();
}
