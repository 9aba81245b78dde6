# shellcheck shell=bash
# bash completion of mbasyncserver(8), mbasyncserver-redirect(8), mbfault(1) and
# mbtorture(1), which know their options themselves: --help lists them.

# _mbasyncserver_options PROGRAM [COMMAND]: one per line.
_mbasyncserver_options()
{
	"$@" --help 2>/dev/null | sed -n 's/^  \(-.*\)/\1/p' |
		sed 's/   *.*//' | grep -oE -e '(^|[ ,])--?[a-zA-Z][-a-z0-9]*'
}

_mbasyncserver()
{
	local word=${COMP_WORDS[COMP_CWORD]} words=''
	local program=("${COMP_WORDS[0]}")

	# These commands have options of their own.
	case ${COMP_WORDS[1]} in
	health | journal) program+=("${COMP_WORDS[1]}") ;;
	esac

	case ${COMP_WORDS[0]##*/},${COMP_WORDS[COMP_CWORD - 1]} in
	*,-d | *,--datatable) words='separate overlaid' ;;
	*,--state-sync) words='always changes interval:' ;;
	*,--http-frame) words='self' ;;
	*,--log-level) words='error warn info debug' ;;
	*,--backend) words='auto nft iptables' ;;
	*,--group) words=$("${program[@]}" --list 2>/dev/null) ;;
	*,-p | *,--port | *,--from | *,--to) ;;
	*-redirect,*) words='add remove status' ;;&
	*)
		[[ $word != -* ]] ||
			words=$(_mbasyncserver_options "${program[@]}")
		;;
	esac
	mapfile -t COMPREPLY < <(compgen -W "$words" -- "$word")
}
complete -o default -F _mbasyncserver mbasyncserver mbasyncserver-redirect \
    mbfault mbtorture
