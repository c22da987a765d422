import { FleetError } from '../../shared/errors.ts';
import { type Shell, shells } from './complete_words.ts';

const names = 'salt salt-call salt-key salt-run salt-master salt-minion salt-emulate';

/** What follows a name or a module is typed without a blank. */
const bash = `# bash completion of Brine's commands: source <(salt completion bash)
_brine_complete() {
  local IFS=$'\\n'
  COMPREPLY=($(salt --complete bash "\${COMP_WORDS[@]:0:COMP_CWORD+1}" 2>/dev/null))
  case "\${COMPREPLY[*]}" in
    *[.=]) compopt -o nospace ;;
  esac
}
complete -o default -F _brine_complete ${names}
`;

const zsh = `#compdef ${names}
# zsh completion of Brine's commands: source <(salt completion zsh), after compinit
_brine_complete() {
  local line
  local -a texts shown open_texts open_shown
  for line in "\${(@f)$(salt --complete zsh "\${(@)words[1,CURRENT]}" 2>/dev/null)}"; do
    [[ -z $line ]] && continue
    local text=\${line%%$'\\t'*}
    local label=$text
    [[ $line == *$'\\t'* ]] && label="$text -- \${line#*$'\\t'}"
    if [[ $text == *[.=] ]]; then
      open_texts+=("$text"); open_shown+=("$label")
    else
      texts+=("$text"); shown+=("$label")
    fi
  done
  (( \${#texts} + \${#open_texts} )) || { _files; return }
  (( \${#texts} )) && compadd -l -d shown -a texts
  (( \${#open_texts} )) && compadd -S '' -d open_shown -a open_texts
}
compdef _brine_complete ${names}
`;

const fish = `# fish completion of Brine's commands: salt completion fish | source
function __brine_complete
  set -l candidates (salt --complete fish (commandline -opc) (commandline -ct) 2>/dev/null)
  # Files where nothing else may stand, as the other shells have it.
  if set -q candidates[1]
    string join -- \\n $candidates
  else
    __fish_complete_path (commandline -ct)
  end
end
for name in ${names}
  complete -c $name -f -a '(__brine_complete)'
end
`;

const shellScripts: Readonly<Record<Shell, string>> = { bash, zsh, fish };

/**
 * `salt completion bash`: the script; undefined for words that call a function of a minion, whose name has a dot. Throws
 * USAGE for a shell that is not known.
 */
export function completionScript([first, second, ...more]: readonly string[]): string | undefined {
  if (first !== 'completion' || more.length > 0 || second?.includes('.') === true) return undefined;
  const shell = shells.find((name) => name === second);
  if (shell !== undefined) return shellScripts[shell];
  const wrong = second === undefined ? 'completion of which shell is wanted' : `there is no completion for '${second}'`;
  throw new FleetError('USAGE', wrong, { hint: `use ${shells.join(', ')}` });
}
