/**
 * What the suite has to be told of a guest agent: how it is started, and the suite's functions in the agent's language. Another agent joins
 * with a file in testing/ that makes an AgentAdapter, and a test that hands it to describeAgentConformance().
 *
 * The functions are handlers in the style of AWS Lambda: they get an event and a context. For an invocation of kind `http` the event is that of
 * API Gateway's HTTP APIs, payload format 2.0. Their parameters are in its `queryStringParameters`, so no function has to parse anything.
 */
import type { ChildProcess } from "node:child_process";
import type { Duplex } from "node:stream";
import type { CodeFormat } from "../../wire/protocol.ts";

export interface AgentAdapter {
  /** For the tests' names. */
  name: string;
  /** What the code of its functions is. */
  format: CodeFormat;
  /** What its Ready says of its runtime's version. */
  runtimeVersion: RegExp;
  /**
   * Starts the agent as a child of this process, with its channel on descriptor 3. Its environment has MAYFLY_CHANNEL=fd:3, MAYFLY_TASK_ROOT and
   * a variable HOST_ONLY, which no app may see. The suite ends the child.
   *
   * @param console what becomes of its standard error stream: this process's, if nothing is said, or a pipe, of which only the fuzz test asks
   */
  start: (taskRoot: string, console?: "pipe") => Promise<AgentProcess>;
  functions: Record<ConformanceFunction, FunctionCode>;
  /** The path, relative to the task root, at which the code of `echo` can lie as one of the app's files. */
  echoPath: string;
}

export interface AgentProcess {
  child: ChildProcess;
  channel: Duplex;
}

interface FunctionCode {
  code: string | Uint8Array;
  /** As in BindFunction. */
  handler: string;
}

export type ConformanceFunction =
  /**
   * Replies with the status 201, the header `x-seen` with the method, a space and the path, the cookies `a=1` and `b=2`, and the event's `body`
   * and `isBase64Encoded`.
   */
  | "echo"
  /** Returns its event. */
  | "same"
  /** Returns the list of the request's id, the function's name and version, and the remaining milliseconds, as its context says them. */
  | "about"
  /** At load: prints `at load`. Returns the number of its calls so far, this one included. */
  | "counts"
  /**
   * Replies with the parameter `status` as a number, and as many headers as the parameter `times` says: the first is called as the parameter
   * `name` says, and the others the same with 1, 2, … behind it. Each has as its value the parameter `value`, repeated `length` times.
   */
  | "replies"
  /** Replies with a body of so many letters x as the parameter `bytes` says. */
  | "large"
  /** Streams: so many pieces as the parameter `chunks` says, each of `bytes` letters, a in the first, then b, … z, and a again. */
  | "streams"
  /** Streams: writes `first`, and `second` when the same function has been called with the path /open, to which it writes `opened`. */
  | "gate"
  /** Streams: writes `some`, and throws an error `midway`. */
  | "midway"
  /** Throws an error `thrown on purpose` from within a function called `deeper`. */
  | "throws"
  /** At load: throws an error `not loadable`. */
  | "broken"
  /** Returns something that the agent cannot send as the result of an event, such as a list that contains itself. */
  | "unspeakable"
  /** Waits, without computing, so many milliseconds as the parameter `ms` says, and replies with the text `slept`. */
  | "sleeps"
  /** Prints `listening`, waits until it is told that nobody wants its reply any more, and prints `heard`. */
  | "listens"
  /** Computes until its thread has used so many milliseconds of CPU time as the parameter `ms` says, and replies with the text `computed`. */
  | "computes"
  /**
   * Prints `begin-` and the parameter `word` as one line, in two writes; waits so many milliseconds as the parameter `ms` says; then prints `end-`
   * and the word to the standard error stream.
   */
  | "prints"
  /** Returns a list of numbers and texts, one from each source of randomness that the language has. */
  | "draws"
  /** Gives every source of randomness that can be seeded a seed of which the same numbers follow each time. */
  | "seeds"
  /**
   * At load: reads the file `views/a.txt`, relative to the working directory, if it is there. Returns `{"env":…,"folder":…,"text":…}`: its
   * environment variables, its working directory, and the text; null if there was no file.
   */
  | "surroundings"
  /**
   * At load: prints `at load of hooks`, and registers two hooks before a snapshot, which print `before 1` and `before 2`, and two after a restore, which print
   * `after 1` and `after 2`. If the variable FAILS is `before` or `after`, the first of these throws an error `refused` instead. Returns `called`.
   */
  | "hooks"
  /** Prints `the last words`, and ends its process with the status 3 as programs of the language do. */
  | "exits"
  /** Prints `the last words`, and ends its process as a crash does: by a signal. */
  | "crashes";
