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
  local cur="\${COMP_WORDS[COMP_CWORD]}" path="" of="" word at
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
  .map((each) => `      ${quoted(key(each))}) case "$word" in ${commandsOf(each).join("|")}) path="\${path:+$path }$word" ;; esac ;;`)
  .join("\n")}
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
}
complete -o default -F _mayfly mayfly
`;
}

function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef mayfly
# Completion of mayfly for zsh: source <(mayfly completion zsh), or as the file _mayfly in a folder of $fpath
_mayfly() {
  local place="" of="" word
  local -i at
  local -a offered
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
  .map((each) => `      ${quoted(key(each))}) case "$word" in ${commandsOf(each).join("|")}) place="\${place:+$place }$word" ;; esac ;;`)
  .join("\n")}
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
  [[ "\${words[CURRENT]}" == -* ]] || _files
}
compdef _mayfly mayfly
`;
}

function fishScript(commands: readonly CompletedCommand[]): string {
  return `# Completion of mayfly for fish: mayfly completion fish > ~/.config/fish/completions/mayfly.fish
function __mayfly_place
  set -l place
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
      `      case ${quotedFish(key(each))}\n        contains -- $word ${commandsOf(each).join(" ")}; and set place (string trim -- "$place $word")`,
  )
  .join("\n")}
    end
  end
  echo $place
end
function __mayfly_at
  test "$(__mayfly_place)" = "$argv"
end
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
