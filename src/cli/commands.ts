/** Every command, in the order of `mayfly --help`. */
import type { Command } from "commander";

export interface CommandEntry {
  name: string;
  summary: string;
  load(): Promise<{ define(command: Command): void | Promise<void> }>;
}

export const commands: CommandEntry[] = [
  { name: "demo", summary: "set up what is missing, start, deploy an example, call it", load: () => import("./commands/demo.ts") },
  { name: "serve", summary: "run the platform", load: () => import("./commands/serve.ts") },
  { name: "init", summary: "write a small app to start from", load: () => import("./commands/init.ts") },
  { name: "dev", summary: "deploy an app at each save, and show its calls", load: () => import("./commands/dev.ts") },
  { name: "replay", summary: "repeat a call that mayfly dev has shown", load: () => import("./commands/replay.ts") },
  { name: "deploy", summary: "deploy the app in a folder", load: () => import("./commands/deploy.ts") },
  { name: "invoke", summary: "call a function, once or many times", load: () => import("./commands/invoke.ts") },
  { name: "logs", summary: "show what an app printed, and what happened to its machines", load: () => import("./commands/logs.ts") },
  { name: "calls", summary: "list an app's calls, and show what one was like", load: () => import("./commands/calls.ts") },
  { name: "ps", summary: "list the machines", load: () => import("./commands/ps.ts") },
  { name: "top", summary: "watch calls, waits, machines and cost by app", load: () => import("./commands/top.ts") },
  { name: "status", summary: "show the state of the server, and why its worker died", load: () => import("./commands/status.ts") },
  { name: "explain", summary: "say why an app's machines were started, held and killed", load: () => import("./commands/explain.ts") },
  { name: "list", summary: "list the apps", load: () => import("./commands/list.ts") },
  { name: "versions", summary: "list an app's revisions, and which of them calls go to", load: () => import("./commands/versions.ts") },
  { name: "promote", summary: "send all of an app's calls to its canary", load: () => import("./commands/promote.ts") },
  { name: "rollback", summary: "send all of an app's calls to the revision before", load: () => import("./commands/rollback.ts") },
  { name: "bill", summary: "show what apps used in a month, and what it costs", load: () => import("./commands/bill.ts") },
  { name: "limit", summary: "set and show what an app may use in a month", load: () => import("./commands/limit.ts") },
  { name: "remove", summary: "remove an app with its revisions and secrets", load: () => import("./commands/remove.ts") },
  { name: "alias", summary: "point an app's calls at a revision, and name revisions", load: () => import("./commands/alias.ts") },
  { name: "secret", summary: "set, list and remove the secrets of an app", load: () => import("./commands/secret.ts") },
  { name: "sign", summary: "print a URL that lets its holder call a function for a time", load: () => import("./commands/sign.ts") },
  { name: "events", summary: "call functions later, and see what waits", load: () => import("./commands/events.ts") },
  { name: "runs", summary: "see and stop durable executions", load: () => import("./commands/runs.ts") },
  { name: "queue", summary: "see and change queues and their messages", load: () => import("./commands/queue.ts") },
  { name: "bucket", summary: "see and change buckets and the objects in them", load: () => import("./commands/bucket.ts") },
  { name: "kv", summary: "see and change what apps have in key-value stores", load: () => import("./commands/kv.ts") },
  { name: "sql", summary: "run statements on SQL databases, copy, restore and move them", load: () => import("./commands/sql.ts") },
  { name: "trigger", summary: "see, fire and pause what starts functions besides calls", load: () => import("./commands/trigger.ts") },
  { name: "dlq", summary: "see, repeat and remove the events that were given up", load: () => import("./commands/dlq.ts") },
  {
    name: "backup",
    summary: "copy a running server, or one tenant, and restore it",
    load: () => import("./commands/backup.ts"),
  },
  { name: "tenant", summary: "make, list, limit and remove tenants", load: () => import("./commands/tenant.ts") },
  { name: "token", summary: "make, list and revoke the tokens of principals", load: () => import("./commands/token.ts") },
  { name: "key", summary: "make, list and revoke key pairs for AWS's clients", load: () => import("./commands/key.ts") },
  { name: "audit", summary: "show who did what through the management API", load: () => import("./commands/audit.ts") },
  { name: "install", summary: "write a systemd unit for the server", load: () => import("./commands/install.ts") },
  { name: "doctor", summary: "say what this host can run, and the cure for what it can't", load: () => import("./commands/doctor.ts") },
  { name: "setup", summary: "install what this host lacks", load: () => import("./commands/setup.ts") },
  { name: "image", summary: "build and list guest images", load: () => import("./commands/image.ts") },
  {
    name: "simulate",
    summary: "compare the policy with others over hours of demand",
    load: () => import("./commands/simulate.ts"),
  },
  { name: "appliance", summary: "run long-lived machines of images", load: () => import("./commands/appliance.ts") },
  { name: "test-app", summary: "run an app's own tests with a server for them", load: () => import("./commands/test-app.ts") },
  {
    name: "mcp",
    summary: "serve agents by the Model Context Protocol",
    load: () => import("./commands/mcp.ts"),
  },
  { name: "completion", summary: "print a script by which a shell completes these words", load: () => import("./commands/completion.ts") },
  { name: "test", summary: "set up what is missing, then run every test", load: () => import("./commands/test.ts") },
  { name: "check", summary: "check types, lint, format and unused code", load: () => import("./commands/check.ts") },
  { name: "bench", summary: "measure against other platforms", load: () => import("./commands/bench.ts") },
];
