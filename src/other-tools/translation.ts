/** What a file of another tool is read as, before anything is looked up on the disk. */
import type { NamedRuntime } from "../base/kind/machine-kind.ts";
import type { CorsRule } from "../store/catalog/access-schema.ts";

export interface Translation {
  /** The service's or stack's, as the file has it; undefined if it has none. */
  name: string | undefined;
  functions: ToolFunction[];
  passedOver: PassedOver[];
}

/** Something of the file that is not deployed, or otherwise than the other tool would. */
export interface PassedOver {
  /** Its place in the file: `functions.pay.events[1].sqs`. */
  at: string;
  /** A sentence: what becomes of it, and what to do if that matters. */
  why: string;
}

export interface ToolFunction {
  name: string;
  /** Its place in the file. */
  at: string;
  /** The other tool's name for the runtime, such as `nodejs22.x`. */
  givenRuntime: string;
  runtime: NamedRuntime;
  /** As the file has it; undefined where the runtime needs none. */
  handler: string | undefined;
  code: ToolCode;
  memoryMb: number | undefined;
  timeoutMs: number | undefined;
  /** It runs as durable executions. */
  durable?: { timeoutS: number; retentionDays?: number | undefined } | undefined;
  environment: Map<string, string>;
  /** Names of variables whose values are secrets of the app. */
  secrets: string[];
  /** Who may call it: anybody, or only with a token of the server, or what the file's authorizer asks for. */
  access: ToolAccess;
  /** What pages of other origins may do. */
  cors: CorsRule | undefined;
  routes: ToolRoute[];
  description: string | undefined;
}

export type ToolCode =
  /**
   * `path` is relative to the folder of the file. `patterns` are globs of further files in it that travel; null: all of them do. `entry` is the source file that
   * the handler's file is built from, if the file of the tool says so.
   */
  | { kind: "folder"; path: string; at: string; patterns: string[] | null; entry?: string }
  /** A jar or a zip archive. */
  | { kind: "archive"; path: string; at: string }
  | { kind: "inline"; text: string; at: string };

export interface ToolRoute {
  /** As `routes` of mayfly.json has it. */
  key: string;
  at: string;
  /** The version of API Gateway's event. */
  payload: Payload;
}

export type Payload = "1.0" | "2.0";

export type ToolAccess = "public" | "token" | "aws" | { issuer: string; audience: string[] };
