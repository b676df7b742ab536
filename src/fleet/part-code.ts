import type { BoundCode } from "./bind-message.ts";

/** The code of some of a version's functions, with all of the app's files. The bytes of others are read all the same: only the whole can be checked for damage. */
export function partCode(code: BoundCode, isWanted: (name: string) => boolean): BoundCode {
  const functions = code.functions.filter((each) => isWanted(each.function));
  if (functions.length === code.functions.length) return code;
  const files = code.files === undefined ? 0 : code.files.list + code.files.bytes;
  const lengths = code.functions.map((each) => ({ bytes: each.bytes, wanted: isWanted(each.function) }));
  const parts: BoundCode["parts"] = (withoutFiles = false) =>
    only(code.parts(withoutFiles), withoutFiles ? lengths : [{ bytes: files, wanted: true }, ...lengths]);
  return { ...code, functions, parts };
}

/** @param lengths of what follows each other in `parts`, and whether it is wanted */
async function* only(parts: ReturnType<BoundCode["parts"]>, lengths: { bytes: number; wanted: boolean }[]): AsyncGenerator<Uint8Array> {
  let [at, left] = [0, lengths[0]?.bytes ?? 0];
  for await (const part of parts)
    for (let from = 0; from < part.byteLength;) {
      while (left === 0 && at + 1 < lengths.length) left = lengths[++at]!.bytes;
      const end = left === 0 ? part.byteLength : Math.min(part.byteLength, from + left);
      if (lengths[at]!.wanted) yield part.subarray(from, end);
      left -= end - from;
      from = end;
    }
}
