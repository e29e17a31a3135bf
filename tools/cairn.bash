# SPDX-License-Identifier: MIT
# bash completion for cairn: verbs as `cairn --help` names them, options as a
# verb's own help does; names as the station has them; files where a file is
# wanted.
_cairn()
{
	local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD - 1]} verb='' at=0 words='' i
	local -a station=(cairn)
	for ((i = 1; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		-d | --dir) station+=(-d "${COMP_WORDS[++i]}") ;;
		-*) ;;
		*) [ -z "$verb" ] && verb=${COMP_WORDS[i]} || at=$((at + 1)) ;;
		esac
	done
	# the first word of each line that begins with one, below a heading if $2
	names() { "${station[@]}" $1 2> /dev/null | awk -v h="${2:-0}" 'NR > h && /^[^ ]/ && !/ yet$/ { print $1 }'; }
	ports() { "${station[@]}" status 2> /dev/null | awk '$1 == "port" { print $2 }'; }
	case $prev in
	-d | --dir) COMPREPLY=($(compgen -d -- "$cur")); return ;;
	-r | -w | --file | --since-frontier) COMPREPLY=($(compgen -f -- "$cur")); return ;;
	-i) COMPREPLY=($(compgen -W "$(ports) $(names ports 1)" -- "$cur")); return ;;
	--link) COMPREPLY=($(compgen -W 'auto kiss ax25 bare hdlc' -- "$cur")); return ;;
	esac
	if [ -z "$verb" ]; then
		words="-d --help --version $(cairn --help 2> /dev/null | awk '/^  [a-z]/ { print $1 }')"
	elif [[ $cur == -* ]]; then
		words=$(cairn "$verb" --help 2> /dev/null | grep -oE -- '--?[a-z][a-z-]*' | sort -u)
	else
		case $verb/$((at + 1)) in
		tx/1) words='on off test' ;;
		tx/2) words=$(ports) ;;
		key/1) words='gen show' ;;
		config/1) words='check example reload' ;;
		doc/1) words=$(names doc) ;;
		doc/2) words='show order log version insert update delete restore' ;;
		resource/1) words='status begin commit merge history stats policy' ;;
		order/1) words=$(names heard 1) ;;
		order/2) words='tx duty' ;;
		order/3) words='on off' ;;
		mute/1) words=$(names feeds 1) ;;
		view/1 | history/1 | set/1 | unset/1 | note/1 | count/1 | attach/1 | fetch/1) words=$(names view) ;;
		kissattach/1) COMPREPLY=($(compgen -f -- "${cur:-/dev/tty}")) ;;
		attach/3 | fetch/3 | config/2 | decode/1 | import/1 | export/1 | resource/[34])
			COMPREPLY=($(compgen -f -- "$cur")) ;;
		esac
	fi
	[ -z "$words" ] || COMPREPLY=($(compgen -W "$words" -- "$cur"))
}
complete -F _cairn cairn
