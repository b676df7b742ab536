/** The suite of what every guest agent must do, as docs/guest-protocol.md says it. It runs against each agent, frames in and frames out. */
import { describe } from "node:test";
import { describeAborts } from "./aborts.ts";
import type { AgentAdapter } from "./adapter.ts";
import { describeEnds } from "./ends.ts";
import { describeFailures } from "./failures.ts";
import { describeFiles } from "./files.ts";
import { describeFlowControl } from "./flow-control.ts";
import { describeInvocations } from "./invocations.ts";
import { describeLife } from "./life.ts";
import { describeLoad } from "./load.ts";
import { describeLogs } from "./logs.ts";
import { describeResume } from "./resume.ts";
import { describeSnapshots } from "./snapshots.ts";

export function describeAgentConformance(adapter: AgentAdapter): void {
  describe(`agent ${adapter.name}`, () => {
    describe("from Hello to Bound", () => describeLife(adapter));
    describe("Resume", () => describeResume(adapter));
    describe("snapshots", () => describeSnapshots(adapter));
    describe("files", () => describeFiles(adapter));
    describe("invocations", () => describeInvocations(adapter));
    describe("failures", () => describeFailures(adapter));
    describe("aborts", () => describeAborts(adapter));
    describe("flow control", () => describeFlowControl(adapter));
    describe("logs", () => describeLogs(adapter));
    describe("load", () => describeLoad(adapter));
    describe("ends", () => describeEnds(adapter));
  });
}
