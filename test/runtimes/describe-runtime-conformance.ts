/**
 * The suite of what every runtime must do, from a deploy to the log. It runs for each runtime on each driver: an app of each, with the same functions, on
 * one platform.
 */
import { after, before, describe } from "node:test";
import { bundleApp } from "../../src/bundle/bundle-app.ts";
import type { GuestKernelName } from "../../src/base/kind/machine-kind.ts";
import { createScope, type Platform, startPlatform } from "../platform.ts";
import { AppUnderTest } from "./app-under-test.ts";
import { describeMixedApp } from "./mixed-app.ts";
import { describeExamples } from "./examples.ts";
import { describeNativeExamples } from "./native-examples.ts";
import { describeNodeExamples } from "./node-examples.ts";
import { describePythonExamples } from "./python-examples.ts";
import { describeFailures } from "./failures.ts";
import { describeAborts, describeReplies } from "./replies.ts";
import { subjects } from "./subjects.ts";

/** Far above what a call takes on a busy host: functions that are to run out of time have limits of their own. */
const TIMEOUT_MS = 300_000;

/** Runtimes that are tested at the same time: most of what their tests do is to wait. */
const AT_ONCE = 3;

/** With the kernel osv, only for runtimes whose agent runs the code itself: machines of OSv run no programs beside one. */
export function describeRuntimeConformance(driver: string, kernel: GuestKernelName = "linux"): void {
  const isLinux = kernel === "linux";
  describe(`runtimes in machines of ${driver}${isLinux ? "" : ` with ${kernel}`}`, { concurrency: AT_ONCE }, () => {
    const scope = createScope();
    let platform: Platform;
    before(async () => {
      platform = await startPlatform(scope, { driver, kernel, blanks: 0 });
    });
    after(() => scope.close());

    for (const subject of subjects.filter(({ name, machines }) => isLinux || name === machines))
      describe(subject.name, { concurrency: 1 }, () => {
        let app: AppUnderTest;
        before(async () => {
          const { manifest, bundles } = await bundleApp(await subject.folder(scope));
          await platform.client.deploy({ ...manifest, timeoutMs: TIMEOUT_MS }, bundles);
          app = new AppUnderTest(subject, platform);
        });
        describeReplies(() => app, !isLinux);
        describeAborts(
          () => app,
          (name) => subject.lacks[name] === undefined,
        );
        describeFailures(() => app);
      });
    if (!isLinux) return;
    // That parts of an app have machines of their own is no matter of a driver.
    if (driver === "process") describe("an app of all runtimes", { concurrency: 1 }, () => describeMixedApp(scope, () => platform));
    describe("examples", { concurrency: 1 }, () => describeExamples(scope, () => platform));
    describe("examples in Node", { concurrency: 1 }, () => describeNodeExamples(scope, () => platform, driver));
    describe("examples in C++ and Go", { concurrency: 1 }, () => describeNativeExamples(scope, () => platform));
    describe("examples in Python", { concurrency: 1 }, () => describePythonExamples(scope, () => platform, driver));
  });
}
