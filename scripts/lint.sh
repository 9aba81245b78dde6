#!/bin/sh
# Static checks of code, scripts and manual pages; also a build by clang with
# warnings as errors. Prints nothing, or what to correct.
set -eu

# shellcheck source=lib.sh
. "$(dirname "$(readlink -f "$0")")/lib.sh"

prepare()
{
	# shellcheck disable=SC2086 # one word per package
	need $lint_needs
	# What clang warns of does not depend on how it optimises.
	compile clang all -DCMAKE_C_COMPILER=clang -DCMAKE_BUILD_TYPE=Debug \
	    -DCMAKE_C_FLAGS_DEBUG='-O0 -DNDEBUG' -DTESTS=ON -DWERROR=ON
}

# All sources but those of another system.
our_sources()
{
	find src -path src/system/windows -prune -o -name '*.c' -print0
}

# Headers are checked with the sources that include them. Assertions count:
# they say what the analyzer can't know.
check_tidy()
{
	our_sources |
		xargs -0 -n 1 -P "$jobs" clang-tidy --quiet -p "$build/clang" \
		    --extra-arg=-UNDEBUG
}

check_cppcheck()
{
	cppcheck --quiet --error-exitcode=1 --inline-suppr -j "$jobs" \
	    --std=c11 --enable=warning,performance,portability \
	    --library=posix --library=gnu --template=gcc -I include \
	    -I src/system/posix -i src/system/windows src
}

# gcc's own analyzer, which sees other paths than clang's.
check_gcc_analyzer()
{
	# shellcheck disable=SC2046 # one word per flag
	our_sources |
		xargs -0 -n 1 -P "$jobs" cc -std=c17 -D_GNU_SOURCE -O1 \
		    -fanalyzer -Werror -Iinclude -Isrc/system/posix \
		    -I"$build/clang/generated" \
		    $(pkg-config --cflags hiredis) -c -o /dev/null
}

check_shell()
{
	grep -rlE '^#!/bin/(ba)?sh' scripts .ci test cmake |
		xargs shellcheck -x --source-path=scripts scripts/lib.sh \
		    scripts/lib-system.sh cmake/package/completion.bash
}

check_manual()
{
	mandoc -T lint -W warning src/*.[1-9]
}

# A long has 32 bits on some machines: counters, identifiers and sequence
# numbers have fixed widths.
check_widths()
{
	! grep -rnE 'unsigned long|strtoul\(|%(ll|l)u|ULONG_MAX' src include \
	    --include='*.[ch]'
}

check_python()
{
	find test -name '*.py' -exec pyflakes3 {} +
}

lock=lint-lock
locked prepare
cd "$root"
failed=
for check in shell manual python widths cppcheck gcc_analyzer tidy; do
	quietly "$build/lint-$check.log" "check_$check" ||
		failed="$failed $check"
done
[ -z "$failed" ] || die "FAILED:$failed"
