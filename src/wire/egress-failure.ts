import { MayflyError } from "../base/errors/error.ts";
import { ResetCode } from "./protocol.ts";

/**
 * Why a connection or a look-up failed, as a Reset tells it to the guest: its code and its message. The message begins with the name of the error
 * ("ECONNREFUSED", "-" if it has none) and a space, so that the guest need not search the text behind it.
 *
 * @param otherwise the code of an error that is neither a refusal nor a failed look-up: a Connect's look-up is distinguished from its connection
 */
export function egressFailure(error: unknown, otherwise: ResetCode): [ResetCode, string] {
  if (error instanceof MayflyError && error.code === "egress-denied") return [ResetCode.EgressDenied, error.message];
  if (error instanceof MayflyError && error.code === "egress-full") return [ResetCode.Refused, error.message];
  if (!(error instanceof Error)) return [otherwise, `- ${String(error)}`];
  const name = "code" in error && typeof error.code === "string" && /^E[A-Z_]+$/.test(error.code) ? error.code : "-";
  const lookUp = "syscall" in error && error.syscall === "getaddrinfo";
  return [lookUp ? ResetCode.ResolveFailed : otherwise, `${name} ${error.message}`];
}
