/** What machines of the runtime java rehearse with: handlers that the agent itself brings, because code of Java's would have to be compiled first. */
import type { RehearsalCode } from "./rehearsal-code.ts";

export function javaCode(): RehearsalCode {
  return { format: "java", plain: "", rich: "", handlers: { plain: "warm.Short", rich: "warm.Plain" } };
}
