/**
 * Cuts from stacks the frames that show how the agent called the function: everything below the function's own lowest frame. A stack
 * without a frame of the function's stays whole, because the fault may be the agent's.
 */

/** The place of the agent's code: in a machine one bundled file, in tests its sources. */
const agent = import.meta.url.replace(/guest\/agent\/log\/agent-frames\.ts$/, "");
const FRAME = /^ *(at |\.\.\. \d+ lines matching cause stack trace)/;
/** A frame in Node's own code, or without a place. */
const PLACELESS = /\(?(node:[\w/.-]+:\d+:\d+|<anonymous>|native)\)?$|^ *\.\.\. /;
/** How util.inspect ends a stack before the error's properties follow. */
const BEFORE_PROPERTIES = " {";

export function withoutAgentFrames(text: string): string {
  if (!text.includes(agent)) return text;
  const kept: string[] = [];
  let stack: string[] = [];
  for (const line of text.split("\n")) {
    if (FRAME.test(line)) {
      stack.push(line);
      continue;
    }
    kept.push(...cut(stack), line);
    stack = [];
  }
  return [...kept, ...cut(stack)].join("\n");
}

function cut(stack: string[]): string[] {
  const lowest = stack.findLastIndex((frame) => !frame.includes(agent) && !PLACELESS.test(withoutBrace(frame)));
  const from = stack.findIndex((frame, at) => at > lowest && frame.includes(agent));
  if (lowest < 0 || from < 0) return stack;
  const left = stack.slice(0, from);
  if (stack.at(-1)!.endsWith(BEFORE_PROPERTIES)) left[from - 1] += BEFORE_PROPERTIES;
  return left;
}

function withoutBrace(frame: string): string {
  return frame.endsWith(BEFORE_PROPERTIES) ? frame.slice(0, -BEFORE_PROPERTIES.length) : frame;
}
