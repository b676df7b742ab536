/**
 * A policy that costs almost nothing, so that only the engine is measured: each app has one machine, forever, which takes all invocations.
 */
import type { OpaqueKind, PolicyCommand, PolicyEvent } from "../../src/policy/policy.ts";
import type { SimulatedPolicy, Workload } from "../../src/simulator/simulator.ts";

interface State {
  apps: Map<string, App>;
  machines: App[];
}

interface App {
  name: string;
  kind: OpaqueKind;
  machine: number;
  bound: boolean;
  waiting: number[];
}

const NOTHING: PolicyCommand[] = [];
const ONLY = { kind: "other-rule", rule: "one machine each" } as const;

export const trivial: SimulatedPolicy = {
  name: "trivial",
  create: () => ({ state: { apps: new Map(), machines: [] } satisfies State, step: step }),
};

/** Removes the limits, so that one machine may take all invocations. */
export function withoutCeilings(workload: Workload): Workload {
  const apps = workload.apps.map((app) => ({ ...app, limits: { ...app.limits, concurrency: Infinity } }));
  return Object.assign(workload, { apps });
}

function step(state: State, event: PolicyEvent): PolicyCommand[] {
  switch (event.type) {
    case "revision": {
      const { revision: name, limits } = event;
      state.apps.set(name, { name, kind: limits.kind, machine: -1, bound: false, waiting: [] });
      return NOTHING;
    }
    case "arrive":
      return arrive(state, state.apps.get(event.revision) as App, event.invocation);
    case "blank":
      return [{ type: "bind", machine: event.machine, revision: (state.machines[event.machine] as App).name, why: ONLY }];
    case "bound":
      return serve(state.machines[event.machine] as App);
    default:
      return NOTHING;
  }
}

function arrive(state: State, app: App, invocation: number): PolicyCommand[] {
  if (app.bound) return [{ type: "assign", invocation, machine: app.machine }];
  app.waiting.push(invocation);
  if (app.machine >= 0) return NOTHING;
  app.machine = state.machines.push(app) - 1;
  return [{ type: "start", machine: app.machine, kind: app.kind, urgent: true, revision: app.name, why: ONLY }];
}

function serve(app: App): PolicyCommand[] {
  app.bound = true;
  return app.waiting.map((invocation) => ({ type: "assign", invocation, machine: app.machine }));
}
