# shellcheck shell=bash
# bash completion of mbasyncserver(8) and mbasyncserver-redirect(8), which know
# their options themselves: --help lists them.

# _mbasyncserver_options PROGRAM: one per line.
_mbasyncserver_options()
{
	"$1" --help 2>/dev/null | sed -n 's/^  \(-.*\)/\1/p' |
		sed 's/   *.*//' | grep -oE -e '(^|[ ,])--?[a-zA-Z][-a-z0-9]*'
}

_mbasyncserver()
{
	local word=${COMP_WORDS[COMP_CWORD]} words=''

	case ${COMP_WORDS[0]##*/},${COMP_WORDS[COMP_CWORD - 1]} in
	*,-d | *,--datatable) words='separate overlaid' ;;
	*,--log-level) words='error warn info debug' ;;
	*,--backend) words='auto nft iptables' ;;
	*,-p | *,--port | *,--from | *,--to) ;;
	*-redirect,*) words='add remove status' ;;&
	*)
		[[ $word != -* ]] ||
			words=$(_mbasyncserver_options "${COMP_WORDS[0]}")
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _mbasyncserver mbasyncserver mbasyncserver-redirect
