/** Puts the light classes in the globals. The native classes keep working beside them. */
import { LightHeaders } from "./light-headers.ts";
import { LightRequest } from "./light-request.ts";
import { LightResponse } from "./light-response.ts";
import { NativeRequest, nativeFetch } from "./native.ts";

export function installWebClasses(): void {
  const request = new Proxy(NativeRequest, {
    construct: (target, [input, ...rest], newTarget) =>
      Reflect.construct(target, [LightRequest.toNative(input), ...rest], newTarget) as object,
  });
  NativeRequest.prototype.constructor = request;
  setGlobal("Request", request);
  setGlobal("Response", LightResponse);
  setGlobal("Headers", LightHeaders);
  setGlobal("fetch", (input: Parameters<typeof fetch>[0], init?: RequestInit) => nativeFetch(LightRequest.toNative(input), init));
  // These are the names in stacks and in what is printed.
  for (const [light, name] of [
    [LightResponse, "Response"],
    [LightHeaders, "Headers"],
    [LightRequest, "Request"],
  ] as const)
    Object.defineProperty(light, "name", { value: name });
  LightRequest.prototype.constructor = request;
}

function setGlobal(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}
