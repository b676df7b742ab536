import { LogLevel } from "../../wire/protocol.ts";
import type { LogLevelName } from "./logs.ts";

const names: Record<LogLevel, LogLevelName> = {
  [LogLevel.Debug]: "debug",
  [LogLevel.Info]: "info",
  [LogLevel.Warn]: "warn",
  [LogLevel.Error]: "error",
  [LogLevel.Agent]: "agent",
  [LogLevel.Platform]: "platform",
};

export function levelName(level: LogLevel): LogLevelName {
  return names[level];
}
