import type { DemandRules } from "../../../../simulator/what-if.ts";
import { Choices } from "../../parts/choices.tsx";

interface Knob {
  name: "concurrency" | "blanks" | "minMachines" | "appMaxMachines" | "maxMachines" | "queue" | "startsPerSecond" | "waitWorth";
  title: string;
  /** Where it is set in earnest. */
  set: string;
  least: number;
  most: number;
  isWhole: boolean;
}

const knobs: readonly Knob[] = [
  {
    name: "concurrency",
    title: "Calls at once on a machine, at most",
    set: "concurrency in mayfly.json",
    least: 1,
    most: 1_000,
    isWhole: true,
  },
  { name: "blanks", title: "Spare blanks", set: "the setting blanks", least: 0, most: 100, isWhole: true },
  { name: "minMachines", title: "Machines of the app, at least", set: "minMachines in mayfly.json", least: 0, most: 1_000, isWhole: true },
  {
    name: "appMaxMachines",
    title: "Machines of the app, at most",
    set: "maxMachines in mayfly.json",
    least: 1,
    most: 1_000,
    isWhole: true,
  },
  { name: "maxMachines", title: "Machines of the server, at most", set: "the setting maxMachines", least: 1, most: 10_000, isWhole: true },
  { name: "queue", title: "Calls that may wait", set: "queue in mayfly.json", least: 0, most: 100_000, isWhole: true },
  {
    name: "startsPerSecond",
    title: "Starts per second, at most",
    set: "the setting startsPerSecond",
    least: 0.1,
    most: 1_000,
    isWhole: false,
  },
  {
    name: "waitWorth",
    title: "Worth of a second of waiting, GB-seconds",
    set: "waitWorth: more keeps more machines",
    least: 0,
    most: 1_000_000,
    isWhole: false,
  },
];

const idleRules = [
  { value: "learned", text: "Learned" },
  { value: "fixed", text: "A fixed time" },
] as const;

/** OpenWhisk's, from which most would start. */
const USUAL_IDLE_MS = 600_000;

interface RulesFormProps {
  asItIs: DemandRules;
  rules: DemandRules;
  onChange: (rules: DemandRules) => void;
}

/** What is not between the bounds of a knob is taken for the nearest that is. */
export function RulesForm({ asItIs, rules, onChange }: RulesFormProps) {
  const isLearned = rules.idleMs === null;
  return (
    <div class="stack">
      <div class="field">
        <span>How long idle machines are kept</span>
        <div class="idle-rule">
          <Choices
            label="How long idle machines are kept"
            options={idleRules}
            value={isLearned ? "learned" : "fixed"}
            onChoose={(chosen) => onChange({ ...rules, idleMs: chosen === "learned" ? null : (asItIs.idleMs ?? USUAL_IDLE_MS) })}
          />
          {!isLearned && (
            <label class="seconds">
              <input
                class="input"
                type="number"
                min={0}
                max={86_400}
                value={rules.idleMs! / 1_000}
                onChange={({ currentTarget }) => onChange({ ...rules, idleMs: 1_000 * within(currentTarget, 0, 86_400) })}
              />
              <span>seconds</span>
            </label>
          )}
        </div>
        <span class="muted">{asItIs.idleMs === null ? "is learned" : `is ${asItIs.idleMs / 1_000} s`} (the setting idleMs)</span>
      </div>
      <div class="fields">
        {knobs.map(({ name, title, set, least, most, isWhole }) => (
          <label class="field" key={name}>
            <span>{title}</span>
            <input
              class={rules[name] === asItIs[name] ? "input" : "input changed"}
              type="number"
              min={least}
              max={most}
              step={isWhole ? 1 : "any"}
              value={rules[name]}
              onChange={({ currentTarget }) => {
                const value = within(currentTarget, least, most);
                onChange({ ...rules, [name]: isWhole ? Math.round(value) : value });
              }}
            />
            <span class="muted">
              is {asItIs[name]} ({set})
            </span>
          </label>
        ))}
      </div>
      <div>
        <button class="button" type="button" onClick={() => onChange(asItIs)}>
          As it is
        </button>
      </div>
    </div>
  );
}

/** Shows what is taken, too. */
function within(input: HTMLInputElement, least: number, most: number): number {
  const value = Math.min(most, Math.max(least, Number(input.value) || 0));
  input.value = String(value);
  return value;
}
