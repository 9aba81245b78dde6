#!/bin/sh
# run.sh NAME: run the tests of the live page in NAME.mjs; exit 77, "skipped",
# when a tool is missing.
set -eu

skip()
{
	echo "SKIPPED: the live page is not tested: $*" >&2
	exit 77
}

here=$(dirname "$(readlink -f "$0")")
command -v node >/dev/null || skip "no node (Debian: nodejs)"
# The first one takes half as much of the processor.
CHROMIUM=$(command -v chromium-headless-shell || command -v chromium ||
	command -v chromium-browser) || skip "no chromium"
for module in playwright-core axe-core; do
	[ -d "$PAGE_MODULES/node_modules/$module" ] ||
		skip "no $module in $PAGE_MODULES: scripts/test installs it"
done
export CHROMIUM
exec node "$here/$1.mjs"
