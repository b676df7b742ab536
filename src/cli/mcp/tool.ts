/** What a tool of `mayfly mcp` is. */
import type { z } from "zod";

export interface Tool {
  name: string;
  title: string;
  description: string;
  inputSchema: z.ZodType;
  annotations: Annotations;
  /** Whether what it tells was written by functions, or by whoever called them. */
  isForeign: boolean;
  /** Resolves with what the model reads, as JSON. Rejects with an error whose message and cure it reads. @param given has been checked */
  run: (given: unknown, doing: Doing) => Promise<unknown>;
}

/** Hints for clients, by which they decide whether a person is asked first. */
interface Annotations {
  readOnlyHint: boolean;
  destructiveHint: boolean;
  idempotentHint: boolean;
  openWorldHint: boolean;
}

/** Of one use of a tool. */
export interface Doing {
  /** Aborted when the client has cancelled the use, or is gone. */
  signal: AbortSignal;
  /** Tells the client how far it is, if that wants to know. */
  step: (message: string) => void;
}

interface ToolDefinition<Schema extends z.ZodType> {
  name: string;
  title: string;
  description: string;
  inputSchema: Schema;
  annotations: Annotations;
  isForeign?: boolean;
  run: (given: z.output<Schema>, doing: Doing) => Promise<unknown>;
}

export const readsOnly: Annotations = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };

export function tool<Schema extends z.ZodType>({ run, isForeign = false, ...rest }: ToolDefinition<Schema>): Tool {
  return { ...rest, isForeign, run: (given, doing) => run(given as z.output<Schema>, doing) };
}
