#!/bin/sh
# Run the tests of the live page; exit 77, "skipped", when a tool is missing.
set -eu

skip()
{
	echo "SKIPPED: the live page is not tested: $*" >&2
	exit 77
}

here=$(dirname "$(readlink -f "$0")")
command -v node >/dev/null || skip "no node (Debian: nodejs)"
CHROMIUM=$(command -v chromium || command -v chromium-browser) ||
	skip "no chromium"
[ -d "$PAGE_MODULES/node_modules/playwright-core" ] ||
	skip "no playwright-core in $PAGE_MODULES: scripts/test installs it"
export CHROMIUM
exec node "$here/page.mjs"
