#!/bin/sh
# The formatting of all C: scripts/format.sh check | fix
# By clang-format 14: other versions disagree with it here and there.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

case ${1:-} in
check) set -- --dry-run -Werror ;;
fix) set -- -i ;;
*) die "usage: scripts/format.sh check | fix" ;;
esac

# shellcheck disable=SC2086 # one word per package
locked need $format_needs
if command_exists clang-format-14; then
	tool=clang-format-14
else
	tool=clang-format
fi
cd "$root"
find src include test -name '*.[ch]' -exec "$tool" "$@" {} +
