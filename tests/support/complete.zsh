# complete.zsh SCRIPT LINE... - what each line is after the Tab key, in an interactive zsh.
zmodload zsh/zpty
TERM=dumb zpty shell zsh -f -i
zpty -w shell "autoload -Uz compinit; compinit -u -d ${TMPDIR:-/tmp}/compdump; source $1
shown() { print -r -- @\"@\$BUFFER@\"@; BUFFER=; }; zle -N shown; bindkey '^X' shown; bindkey '^I' complete-word"
for line in "${@:2}"; do
    zpty -n -w shell "$line"$'\t\x18'
    zpty -r shell out '*@@*@@*'
    print -r -- "${${out#*@@}%%@@*}"
done
zpty -d shell
