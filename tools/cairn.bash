# SPDX-License-Identifier: MIT
# bash completion for cairn: verbs as `cairn --help` names them, options as a
# verb's own help does; files where a file is wanted.
_cairn()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' i
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-d) i=$((i + 1)) ;;
		-*) ;;
		*) verb=${COMP_WORDS[i]}; break ;;
		esac
	done
	case $prev in
	-d | --dir) COMPREPLY=($(compgen -d -- "$cur")); return ;;
	-r | -w | --file) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	-i) COMPREPLY=($(compgen -W "$(cairn ports 2> /dev/null | awk 'NR > 1 { print $1 }')" -- "$cur")); return ;;
	--link) COMPREPLY=($(compgen -W 'auto kiss ax25 bare hdlc' -- "$cur")); return ;;
	esac
	if [ -z "$verb" ]; then
		COMPREPLY=($(compgen -W "-d --help --version $(cairn --help 2> /dev/null | awk '/^  [a-z]/ { print $1 }')" -- "$cur"))
	elif [[ $cur == -* ]]; then
		COMPREPLY=($(compgen -W "$(cairn "$verb" --help 2> /dev/null | grep -oE -- '--?[a-z][a-z]*' | sort -u)" -- "$cur"))
	else
		case $verb in
		tx) COMPREPLY=($(compgen -W 'on off test' -- "$cur")) ;;
		key) COMPREPLY=($(compgen -W 'gen show' -- "$cur")) ;;
		config) COMPREPLY=($(compgen -W 'check example reload' -- "$cur")) ;;
		kissattach) COMPREPLY=($(compgen -f -- "${cur:-/dev/tty}")) ;;
		decode | import) COMPREPLY=($(compgen -f -- "$cur")) ;;
		esac
	fi
}
complete -F _cairn cairn
