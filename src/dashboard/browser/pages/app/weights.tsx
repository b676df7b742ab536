import { useState } from "preact/hooks";
import { share } from "../../../model/format.ts";
import type { AppReply } from "../../../model/replies.ts";
import { ask } from "../../api.ts";
import { Action } from "../../parts/action.tsx";
import type { TabProps } from "./tab.ts";

type Targets = AppReply["aliases"][number]["targets"];

export function targetsOf({ aliases }: AppReply, alias: string): Targets {
  return aliases.find(({ name }) => name === alias)?.targets ?? [];
}

/** The weights of an alias: at 90 and 10, nine of ten calls go to the first. */
export function Weights({ app, path, onChange, alias }: TabProps & { alias: string }) {
  const targets = targetsOf(app, alias);
  const [weights, setWeights] = useState(new Map(targets.map(({ revision, weight }) => [revision, weight])));
  const sum = [...weights.values()].reduce((all, weight) => all + weight, 0);
  const chosen = [...weights].filter(([, weight]) => weight > 0).map(([revision, weight]) => ({ revision, weight }));
  const save = async () => {
    await ask(`${path}/aliases/${encodeURIComponent(alias)}`, { method: "PUT", body: { targets: chosen } });
    return "Calls go there now.";
  };
  return (
    <>
      <div class="weights" role="group" aria-label={`Weights of ${alias}`}>
        {app.revisions.map(({ id, number }) => {
          const weight = weights.get(id) ?? 0;
          return (
            <label key={id}>
              <span class="number">Revision {number}</span>
              <input
                type="range"
                min="0"
                max="100"
                step="1"
                value={targets.length === 1 && weight === 1 ? 100 : weight}
                onInput={(event) => setWeights(new Map([...scaled(weights, targets), [id, Number(event.currentTarget.value)]]))}
              />
              <span class="number">{share(sum === 0 ? 0 : weight / sum)}</span>
            </label>
          );
        })}
      </div>
      <p class="buttons">
        <Action act={save} onDone={onChange} isDisabled={chosen.length === 0}>
          Send calls there
        </Action>
      </p>
    </>
  );
}

/** An only target has any weight, often 1: beside others it counts as 100. */
function scaled(weights: ReadonlyMap<string, number>, targets: readonly { weight: number }[]): [string, number][] {
  const isOnly = targets.length === 1 && targets[0]!.weight < 100;
  return [...weights].map(([id, weight]) => [id, isOnly && weight === targets[0]!.weight ? 100 : weight]);
}
