/**
 * Scripts by which shells complete the words of `mayfly`. Each follows the words so far to the command that they name, skips options and their values, and
 * offers what may follow; where nothing is known, the shell offers files.
 */
import type { CompletedCommand } from "./completion-words.ts";

export const shells = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof shells)[number];

export function completionScript(shell: Shell, commands: readonly CompletedCommand[]): string {
  return { bash: bashScript, zsh: zshScript, fish: fishScript }[shell](commands);
}

function bashScript(commands: readonly CompletedCommand[]): string {
  return `# Completion of mayfly for bash: source <(mayfly completion bash)
_mayfly() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" path="" of="" word at kind="" app=""
  local -i given=0
  for ((at = 1; at < COMP_CWORD; at++)); do
    word="\${COMP_WORDS[at]}"
    if [[ "$word" == -* ]]; then
      case "$path|$word" in
        ${valuedPatterns(commands)}) ((at++)); ((at == COMP_CWORD)) && of="$path|$word" ;;
      esac
      continue
    fi
    case "$path" in
${commands
  .filter(hasCommands)
  .map(
    (each) =>
      `      ${quoted(key(each))}) case "$word" in ${commandsOf(each).join("|")}) path="\${path:+$path }$word" ;; *) given+=1 ;; esac ;;`,
  )
  .join("\n")}
      *) ((given++ == 0)) && app="$word" ;;
    esac
  done
  COMPREPLY=()
  case "$of" in
${commands.flatMap((each) => each.values.map(({ option, words }) => `    ${quoted(`${key(each)}|${option}`)}) COMPREPLY=($(compgen -W ${quoted(words.join(" "))} -- "$cur")); return ;;`)).join("\n")}
    ${valuedPatterns(commands)}) return ;;
  esac
  case "$path" in
${commands.map((each) => `    ${quoted(key(each))}) COMPREPLY=($(compgen -W ${quoted(each.words.map(({ word }) => word).join(" "))} -- "$cur")) ;;`).join("\n")}
  esac
  case "$path|$given" in
${kindCases(commands)}
  esac
  [[ -z "$kind" || "$cur" == -* ]] && return
  # The names are compared and copied, and never expanded.
  while IFS= read -r word; do
    [[ "$word" == "$cur"* && "$word" != -* && "$word" != *[^A-Za-z0-9_./-]* ]] && COMPREPLY+=("$word")
  done < <(command mayfly completion --names "$kind" \${app:+--of "$app"} 2>/dev/null)
}
complete -o default -F _mayfly mayfly
`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef mayfly
# Completion of mayfly for zsh: source <(mayfly completion zsh), or as the file _mayfly in a folder of $fpath
_mayfly() {
  local place="" of="" word kind="" app=""
  local -i at given=0
  local -a offered names
  for ((at = 2; at < CURRENT; at++)); do
    word="\${words[at]}"
    if [[ "$word" == -* ]]; then
      case "$place|$word" in
        ${valuedPatterns(commands)}) ((at++)); ((at == CURRENT)) && of="$place|$word" ;;
      esac
      continue
    fi
    case "$place" in
${commands
  .filter(hasCommands)
  .map(
    (each) =>
      `      ${quoted(key(each))}) case "$word" in ${commandsOf(each).join("|")}) place="\${place:+$place }$word" ;; *) given+=1 ;; esac ;;`,
  )
  .join("\n")}
      *) ((given++ == 0)) && app="$word" ;;
    esac
  done
  case "$of" in
${commands.flatMap((each) => each.values.map(({ option, words }) => `    ${quoted(`${key(each)}|${option}`)}) offered=(${words.map(quoted).join(" ")}); _describe value offered; return ;;`)).join("\n")}
    ${valuedPatterns(commands)}) _files; return ;;
  esac
  case "$place" in
${commands.map((each) => `    ${quoted(key(each))}) offered=(${each.words.map(({ word, what }) => quoted(`${word.replaceAll(":", "\\:")}:${what}`)).join(" ")}) ;;`).join("\n")}
  esac
  _describe word offered
  case "$place|$given" in
${kindCases(commands)}
  esac
  if [[ -n "$kind" && "\${words[CURRENT]}" != -* ]]; then
    while IFS= read -r word; do
      [[ -n "$word" && "$word" != -* && "$word" != *[^A-Za-z0-9_./-]* ]] && names+=("$word")
    done < <(command mayfly completion --names "$kind" \${app:+--of} \${app:+"$app"} 2>/dev/null)
    _describe name names
  fi
  [[ "\${words[CURRENT]}" == -* ]] || _files
}
compdef _mayfly mayfly
`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  return `# Completion of mayfly for fish: mayfly completion fish > ~/.config/fish/completions/mayfly.fish
function __mayfly_place
  set -l place
  set -l given 0
  set -l app
  set -l skip 0
  for word in (commandline -opc)[2..]
    if test $skip = 1
      set skip 0
      continue
    end
    if string match -q -- '-*' $word
      switch "$place|$word"
        case ${valued(commands).map(quotedFish).join(" ")}
          set skip 1
      end
      continue
    end
    switch "$place"
${commands
  .filter(hasCommands)
  .map(
    (each) =>
      // The status of `set` is that of the substitution in it, so that no `or` may follow.
      `      case ${quotedFish(key(each))}\n        if contains -- $word ${commandsOf(each).join(" ")}\n          set place (string trim -- "$place $word")\n        else\n          set given (math $given + 1)\n        end`,
  )
  .join("\n")}
      case '*'
        test $given = 0; and set app $word
        set given (math $given + 1)
    end
  end
  echo "$place|$given|$app"
end
function __mayfly_at
  string match -q -- "$argv|*" (__mayfly_place)
end
function __mayfly_names
  set -l app (string split -f 3 -- '|' (__mayfly_place))
  set -l of
  test -n "$app"; and set of --of $app
  command mayfly completion --names $argv $of 2>/dev/null | string match -r '^[A-Za-z0-9_][A-Za-z0-9_./-]*$'
end
${commands
  .flatMap((each) =>
    each.args.map((kind, at) =>
      kind === null
        ? ""
        : `complete -c mayfly -n ${quotedFish(`__mayfly_at '${key(each)}|${at}'`)} -f -a ${quotedFish(`(__mayfly_names ${kind})`)}`,
    ),
  )
  .filter(Boolean)
  .join("\n")}
${commands.flatMap((each) => each.words.map(({ word, what }) => fishLine(each, word, what))).join("\n")}
`;
}

function fishLine(command: CompletedCommand, word: string, what: string): string {
  const at = `complete -c mayfly -n ${quotedFish(`__mayfly_at ${key(command)}`.trim())}`;
  const values = command.values.find(({ option }) => option === word);
  const takes = values === undefined ? (command.valued.includes(word) ? " -r" : "") : ` -x -a ${quotedFish(values.words.join(" "))}`;
  const name = word.startsWith("--") ? `-l ${word.slice(2)}` : word.startsWith("-") ? `-s ${word.slice(1)}` : `-f -a ${word}`;
  return `${at} ${name}${takes} -d ${quotedFish(what)}`;
}

/** For bash and zsh: what the next argument of a command names. */
function kindCases(commands: readonly CompletedCommand[]): string {
  const cases = commands.flatMap((each) => each.args.map((kind, at) => ({ kind, place: `${key(each)}|${at}` })));
  return [...Map.groupBy(cases, ({ kind }) => kind)]
    .flatMap(([kind, same]) => (kind === null ? [] : [`    ${same.map(({ place }) => quoted(place)).join("|")}) kind=${kind} ;;`]))
    .join("\n");
}

function key({ path }: CompletedCommand): string {
  return path.join(" ");
}

function hasCommands(command: CompletedCommand): boolean {
  return command.words.some(({ word }) => !word.startsWith("-"));
}

function commandsOf({ words }: CompletedCommand): string[] {
  return words.map(({ word }) => word).filter((word) => !word.startsWith("-"));
}

function valued(commands: readonly CompletedCommand[]): string[] {
  return commands.flatMap((each) => each.valued.map((option) => `${key(each)}|${option}`));
}

function valuedPatterns(commands: readonly CompletedCommand[]): string {
  return valued(commands).map(quoted).join("|");
}

/** For bash and zsh. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function quotedFish(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
