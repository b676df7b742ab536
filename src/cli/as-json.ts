/** How commands print JSON: what they print has the type of its schema. Only types are imported, so that no command loads the schemas. */
import type { Output, OutputName } from "./outputs/outputs.ts";

/** @param _command whose output it is, as `mayfly` is given its words */
export function asJson<Name extends OutputName>(_command: Name, printed: Output<Name>): string {
  return JSON.stringify(printed);
}
