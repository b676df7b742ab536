/**
 * Makes performance.timeOrigin such that timeOrigin + now() is the wall clock's time. Node's own value is the time when its process began,
 * which in a clone is the template's, and lacks the time for which the machine was stopped. Tracers use it to date their spans, and events
 * their time.
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

/** Must be called whenever the wall clock was set, or the machine may have been stopped. */
export function resetTimeOrigin(): void {
  origin = wallNow() - now();
}
