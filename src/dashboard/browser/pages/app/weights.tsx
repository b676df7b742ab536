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
  const [weights, setWeights] = useState(new Map(inPercent(targets)));
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
                value={weight}
                onInput={(event) => setWeights(new Map([...weights, [id, Number(event.currentTarget.value)]]))}
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

/** Weights are of any sum: a canary of 20 % has 1 beside 4. The sliders go to 100. */
function inPercent(targets: Targets): [string, number][] {
  const sum = targets.reduce((all, { weight }) => all + weight, 0);
  return targets.map(({ revision, weight }) => [revision, Math.max(1, Math.round((100 * weight) / sum))]);
}
